// Every sweep of the repository is under test the moment its file exists: all of its points read as questions, and the
// first ones (more only take longer) are answered twice with the same bytes.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>

#include "scenarios/artifact.hpp"
#include "scenarios/question.hpp"
#include "scenarios/sweep_run.hpp"
#include "sim/base/error.hpp"

using namespace orrery;
using namespace orrery::scenario;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kPointsRun = 6;

std::vector<std::string> all_sweeps() {
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(ORRERY_SOURCE_DIR) / "scenarios")) {
    const std::string name = entry.path().string();
    if (name.ends_with("_sweep.json")) files.push_back(name);
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// Few steps, or a short time and one seed: what is checked does not depend on their number.
Sweep read(const std::string& path) {
  std::vector<std::string> few;
  if (path.find("/train/") != std::string::npos) few = {"steps=5"};
  if (path.find("/sgd/") != std::string::npos) {
    few = {"horizon.time=10 s", "evaluation.points=4", "evaluation.samples=50", "seeds=1"};
  }
  return expand(parse_json(read_file(path), path), few);
}

}  // namespace

TEST_CASE("a file is named as a sweep exactly when it has a block that varies something") {
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(ORRERY_SOURCE_DIR) / "scenarios")) {
    const std::string path = entry.path().string();
    if (!path.ends_with(".json") || path.ends_with(".schema.json")) continue;
    CAPTURE(path);
    CHECK(is_sweep(parse_json(read_file(path), path)) == path.ends_with("_sweep.json"));
  }
}

TEST_CASE("every point of every sweep is a scenario with the file's name and a question") {
  REQUIRE(all_sweeps().size() >= 3);
  for (const std::string& path : all_sweeps()) {
    const Sweep sweep = read(path);
    CHECK(sweep.points.size() >= 2);
    for (const SweepPoint& point : sweep.points) {
      CAPTURE(path, point.name());
      const Question q = read_question(sweep.base, point.overrides());
      const auto [name, question] = std::visit([](const auto& s) { return std::pair{s.name, s.question}; }, q.scenario);
      CHECK(name == fs::path(path).stem().string());
      CHECK(question.size() > 20);
    }
  }
}

TEST_CASE("every sweep's first points are answered twice with the same bytes, and none fails") {
  for (const std::string& path : all_sweeps()) {
    CAPTURE(path);
    Sweep sweep = read(path);
    sweep.points.resize(std::min(sweep.points.size(), kPointsRun));
    const std::vector<PointResult> once = run_sweep(sweep, {1, "", ""}), again = run_sweep(sweep, {2, "", ""});
    for (const PointResult& result : once) {
      CHECK(result.error.empty());
      CHECK(result.goal_met);
      CHECK_FALSE(result.rows.empty());
    }
    for (const Format format : {Format::table, Format::json, Format::csv, Format::md}) {
      CHECK(sweep_text(sweep, once, format) == sweep_text(sweep, again, format));
    }
  }
}
