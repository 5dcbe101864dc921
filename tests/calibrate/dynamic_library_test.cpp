// The search for libraries at run time, with small libraries in folders of their own.
#include "calibrate/dynamic_library.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "sim/base/error.hpp"

using namespace orrery;
using calibrate::DynamicLibrary;
namespace fs = std::filesystem;

namespace {

/// An environment variable for the length of a test.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    const char* before = std::getenv(name);
    had_ = before != nullptr;
    if (had_) before_ = before;
    setenv(name, value.c_str(), 1);
  }
  ~Variable() { had_ ? setenv(name_, before_.c_str(), 1) : unsetenv(name_); }

 private:
  const char* name_;
  bool had_;
  std::string before_;
};

fs::path scratch(const std::string& name) {
  const fs::path folder = fs::path(ORRERY_BINARY_DIR) / "tests" / "scratch_libraries" / name;
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}

const fs::path kFake = fs::path(ORRERY_BINARY_DIR) / "tests" / "fakes" / "liborrery_fake_library.so";

/// The fake library as `file`.
void place(const fs::path& file) {
  fs::create_directories(file.parent_path());
  fs::copy_file(kFake, file);
}

int answer(const DynamicLibrary& library) {
  return library.symbol<int (*)()>("orrery_fake_answer")();
}

std::string failure(const calibrate::LibraryQuery& query) {
  try {
    DynamicLibrary::open(query);
  } catch (const BackendError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a library is found in the folder or file that its environment variable names") {
  const fs::path folder = scratch("variable");
  place(folder / "liborrery_one.so.3");
  const calibrate::LibraryQuery query{"FAKE", {"liborrery_one.so.4", "liborrery_one.so.3"}};
  for (const fs::path& choice : {folder, folder / "liborrery_one.so.3"}) {
    const Variable variable("ORRERY_FAKE_LIBRARY", choice.string());
    const DynamicLibrary library = DynamicLibrary::open(query);
    CHECK(answer(library) == 42);
    CHECK(fs::equivalent(library.path(), folder / "liborrery_one.so.3"));
  }
}

TEST_CASE("a wrong choice in the environment is told, not replaced by another library") {
  const fs::path folder = scratch("wrong");
  place(folder / "lib64" / "liborrery_two.so");
  const Variable toolkit("CUDA_HOME", folder.string());
  const calibrate::LibraryQuery query{"FAKE", {"liborrery_two.so"}};
  CHECK(answer(DynamicLibrary::open(query)) == 42);
  const Variable variable("ORRERY_FAKE_LIBRARY", (folder / "nothing").string());
  CHECK_THAT(failure(query), Catch::Contains("correct or unset ORRERY_FAKE_LIBRARY"));
}

TEST_CASE("the newest soname of a toolkit folder wins, CUDA_HOME before CUDA_PATH") {
  const fs::path home = scratch("home"), path = scratch("path");
  place(home / "lib" / "liborrery_three.so.1");
  place(path / "extras" / "CUPTI" / "lib64" / "liborrery_three.so.1");
  place(path / "extras" / "CUPTI" / "lib64" / "liborrery_three.so.2");
  const Variable first("CUDA_HOME", home.string()), second("CUDA_PATH", path.string());
  const std::vector<std::string> folders = calibrate::toolkit_folders();
  REQUIRE(folders.size() >= 2);
  CHECK(folders[0] == (home / "lib").string());
  CHECK(folders[1] == (path / "extras" / "CUPTI" / "lib64").string());
  const DynamicLibrary old_one =
      DynamicLibrary::open({"FAKE", {"liborrery_three.so.2", "liborrery_three.so.1"}});
  CHECK(fs::equivalent(old_one.path(), home / "lib" / "liborrery_three.so.1"));
  const DynamicLibrary new_one = DynamicLibrary::open({"FAKE", {"liborrery_three.so.2"}});
  CHECK(fs::path(new_one.path()).filename() == "liborrery_three.so.2");
}

TEST_CASE("packages of a Python environment are searched last") {
  const fs::path environment = scratch("venv");
  const fs::path folder = environment / "lib" / "python3.12" / "site-packages" / "nvidia" / "fake" / "lib";
  place(folder / "liborrery_four.so");
  const Variable variable("VIRTUAL_ENV", environment.string());
  CHECK(calibrate::python_folders().front() == folder.string());
  CHECK(answer(DynamicLibrary::open({"FAKE", {"liborrery_four.so"}})) == 42);
}

TEST_CASE("what python3 prints is searched too") {
  const fs::path root = scratch("python");
  const fs::path folder = root / "dist-packages" / "nvidia" / "cu99" / "lib";
  place(folder / "liborrery_five.so");
  std::ofstream(root / "python3") << "#!/bin/sh\necho " << (root / "dist-packages").string() << "\n";
  fs::permissions(root / "python3", fs::perms::owner_all);
  const Variable path("PATH", root.string() + ":" + std::getenv("PATH"));
  CHECK(answer(DynamicLibrary::open({"FAKE", {"liborrery_five.so"}})) == 42);
}

TEST_CASE("a library that is nowhere lists the places tried and what the user can do") {
  const fs::path toolkit = scratch("toolkit");
  fs::create_directories(toolkit / "lib64");
  const Variable variable("CUDA_HOME", toolkit.string());
  const std::string text = failure({"FAKE", {"liborrery_nowhere.so"}});
  CHECK_THAT(text, Catch::Contains("FAKE cannot be loaded"));
  CHECK_THAT(text, Catch::Contains("set ORRERY_FAKE_LIBRARY"));
  CHECK_THAT(text, Catch::Contains("the dynamic loader's own search"));
  CHECK_THAT(text, Catch::Contains((toolkit / "lib64").string()));
}

TEST_CASE("a file that is there but does not load is told in the loader's words, and the search goes on") {
  const fs::path home = scratch("broken"), path = scratch("sound");
  fs::create_directories(home / "lib64");
  std::ofstream(home / "lib64" / "liborrery_six.so") << "this is no library";
  const Variable first("CUDA_HOME", home.string());
  CHECK_THAT(failure({"FAKE", {"liborrery_six.so"}}),
             Catch::Contains("Found but not loaded") && Catch::Contains("liborrery_six.so: "));
  place(path / "lib64" / "liborrery_six.so");
  const Variable second("CUDA_PATH", path.string());
  CHECK(answer(DynamicLibrary::open({"FAKE", {"liborrery_six.so"}})) == 42);
}

TEST_CASE("a library's companions are open before it, so that the loader knows them by name") {
  const fs::path folder = scratch("companion");
  place(folder / "liborrery_seven.so");
  fs::copy_file(kFake.parent_path() / "liborrery_fake_companion.so", folder / "liborrery_companion.so.13.0");
  const calibrate::LibraryQuery by_name{"COMPANION", {"liborrery_companion.so.13.0"}};
  CHECK_FALSE(failure(by_name).empty());
  const Variable chosen("ORRERY_FAKE_LIBRARY", folder.string());
  DynamicLibrary::open({"FAKE", {"liborrery_seven.so"}, {"liborrery_companion.so.*"}});
  CHECK(fs::equivalent(DynamicLibrary::open(by_name).path(), folder / "liborrery_companion.so.13.0"));
}

TEST_CASE("a missing function is an error naming library and function, or null where it may be missing") {
  const Variable variable("ORRERY_FAKE_LIBRARY", kFake.string());
  const DynamicLibrary library = DynamicLibrary::open({"FAKE", {"unused.so"}});
  CHECK(library.symbol_or_null<int (*)()>("orrery_fake_question") == nullptr);
  CHECK_THROWS_AS(library.symbol<int (*)()>("orrery_fake_question"), BackendError);
  CHECK_THROWS_WITH(library.symbol<int (*)()>("orrery_fake_question"),
                    Catch::Contains("liborrery_fake_library.so has no function orrery_fake_question"));
}
