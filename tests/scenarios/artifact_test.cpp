#include "scenarios/artifact.hpp"

#include <catch2/catch.hpp>
#include <filesystem>

#include "sim/base/error.hpp"

using namespace orrery;
using namespace orrery::scenario;
namespace fs = std::filesystem;

namespace {
/// A folder of this test, empty at the start and gone at the end.
struct Folder {
  fs::path path = fs::path(ORRERY_BINARY_DIR) / "artifact_test";
  Folder() {
    fs::remove_all(path);
    fs::create_directories(path);
  }
  ~Folder() { fs::remove_all(path); }
  std::string operator/(const std::string& name) const { return (path / name).string(); }
};
}  // namespace

TEST_CASE("gzip gives back what went in, and equal bytes for equal input") {
  std::string text;
  for (int i = 0; i < 40000; ++i) text += std::to_string(i * 7919 % 1000);
  for (const std::string& content : {text, std::string(), std::string("\0x\0", 3)}) {
    CHECK(gunzip(gzip(content)) == content);
    CHECK(gzip(content) == gzip(content));
  }
  CHECK(gzip(text).size() < text.size() / 2);
  CHECK_THROWS_AS(gunzip(gzip(text).substr(0, 100)), BackendError);
}

TEST_CASE("artefacts appear under their names and replace older ones") {
  const Folder folder;
  write_artifacts(folder / "a/b", {{"x", "1"}, {"y", "2"}});
  write_artifacts(folder / "a/b", {{"x", "3"}});
  CHECK(read_file(folder / "a/b/x") == "3");
  CHECK(read_file(folder / "a/b/y") == "2");
}

TEST_CASE("when one artefact cannot be written none changes and nothing is left over") {
  const Folder folder;
  write_artifacts(folder / "", {{"x", "old"}});
  // The second part lies in a folder that does not exist.
  CHECK_THROWS_AS(write_artifacts(folder / "", {{"x", "new"}, {"missing/y", "2"}}), BackendError);
  CHECK(read_file(folder / "x") == "old");
  CHECK(std::distance(fs::directory_iterator(folder.path), fs::directory_iterator()) == 1);
}

TEST_CASE("a file that the user named and that is not there is wrong input") {
  const Folder folder;
  CHECK_THROWS_AS(read_file(folder / "none"), ScenarioError);
  CHECK_THROWS_WITH(read_file(folder.path.string()), Catch::Contains("is a directory; expected a file"));
  CHECK_THROWS_WITH(resolve_path("p.json", folder / "s.json"), Catch::Contains("file not found; looked for"));
}

TEST_CASE("a relative path is looked for beside the scenario first") {
  const Folder folder;
  write_artifacts(folder / "", {{"p.json", "beside"}});
  CHECK(resolve_path("p.json", folder / "s.json") == folder / "p.json");
  CHECK(resolve_path(folder / "p.json", "elsewhere/s.json") == folder / "p.json");
}
