// Runs the program as a user does, in a scratch folder that sees the scenarios and profiles of the source
// tree.
#pragma once

#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "scenarios/artifact.hpp"

namespace orrery::cli_test {

struct Result {
  int code = -1;
  std::string out, err;
};

inline std::filesystem::path scratch() {
  return std::filesystem::path(ORRERY_BINARY_DIR) / "cli_test";
}

/// stdout and stderr of one run; a crash gives code -1. `assignments`: environment, "NAME=value ".
inline Result run(const std::string& arguments, const std::string& assignments = "") {
  namespace fs = std::filesystem;
  fs::create_directories(scratch());
  for (const char* folder : {"scenarios", "costmodel", "tests", "docs", "validate"}) {
    if (!fs::exists(scratch() / folder))
      fs::create_symlink(fs::path(ORRERY_SOURCE_DIR) / folder, scratch() / folder);
  }
  const std::string command = "cd '" + scratch().string() + "' && NO_COLOR=1 " + assignments +
                              "'" ORRERY_BINARY_DIR "/orrery' " + arguments +
                              " >stdout.txt 2>stderr.txt </dev/null";
  const int status = std::system(command.c_str());
  Result result;
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  result.out = scenario::read_file((scratch() / "stdout.txt").string());
  result.err = scenario::read_file((scratch() / "stderr.txt").string());
  return result;
}

}  // namespace orrery::cli_test
