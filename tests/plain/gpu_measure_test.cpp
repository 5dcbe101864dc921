// The program gpu-measure as a user or a script runs it: exit codes, texts, and a session that can be read.
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <regex>

#include "tests/plain/session_machine.hpp"

using namespace orrery;
using session_test::Folder;

namespace {

struct Result {
  int code = -1;
  std::string out, err;
};

Result gpu_measure(const Folder& folder, const std::string& arguments) {
  std::filesystem::create_directories(folder.path());
  const std::string command =
      "cd '" + folder.path() +
      "' && CUDA_VISIBLE_DEVICES= ASAN_OPTIONS=protect_shadow_gap=0:detect_leaks=0 '" +
      ORRERY_BINARY_DIR "/gpu-measure' " + arguments + " >stdout.txt 2>stderr.txt </dev/null";
  const int status = std::system(command.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, folder.text("stdout.txt"), folder.text("stderr.txt")};
}

}  // namespace

TEST_CASE("the help of gpu-measure shows an example that runs as it stands there") {
  const Folder folder("measure_help");
  const Result help = gpu_measure(folder, "--help");
  CHECK(help.code == 0);
  std::smatch example;
  REQUIRE(std::regex_search(help.out, example, std::regex("Example:\\s+gpu-measure ([^\\n]+)")));
  CHECK(gpu_measure(folder, example[1].str()).code == 0);
}

TEST_CASE("gpu-measure prints its plan without a device and writes nothing") {
  const Folder folder("measure_plan");
  const Result plan = gpu_measure(folder, "--plan --out x");
  CHECK(plan.code == 0);
  CHECK_THAT(plan.out, Catch::Contains("\ngemm_nn_bf16 ") && Catch::Contains("headline: full sweep of "));
  CHECK_THAT(gpu_measure(folder, "--plan --minutes 3").out, Catch::Contains("headline: quick sweep of "));
  CHECK_FALSE(folder.has("x"));
}

TEST_CASE("gpu-measure refuses slips with exit code 2 before it looks for a device") {
  const Folder folder("measure_slips");
  const Result unknown = gpu_measure(folder, "--classes copy,gem_nn_bf16 --out x");
  CHECK(unknown.code == 2);
  CHECK_THAT(unknown.err,
             Catch::Contains("unknown class \"gem_nn_bf16\"") && Catch::Contains("gemm_nn_bf16"));
  CHECK(gpu_measure(folder, "--backend cud").code == 2);
  CHECK(gpu_measure(folder, "--minutes many").code == 2);
  CHECK(gpu_measure(folder, "--quick --full").code == 2);
  CHECK_THAT(gpu_measure(folder, "--minuts 3").err, Catch::Contains("--help"));
  CHECK_FALSE(folder.has("x"));
}

TEST_CASE("gpu-measure on an invented machine writes a session that can be read and goes on") {
  const Folder folder("measure_fake");
  const std::string arguments = "--backend fake --minutes 0.2 --classes copy,adam_bf16 --out session";
  const Result first = gpu_measure(folder, arguments);
  INFO(first.err);
  CHECK(first.code == 0);
  CHECK_THAT(first.out, Catch::Contains("fake GPU") && Catch::Contains("cases measured"));
  const auto rows = folder.rows("session/measurements.csv");
  CHECK(rows.size() > 20);
  CHECK(std::all_of(rows.begin(), rows.end(), [](const auto& row) { return row.is_measured(); }));
  for (const char* name : {"fingerprint.json", "compositions.jsonl", "session.json"}) {
    CHECK(folder.has(std::string("session/") + name));
  }
  const Result second = gpu_measure(folder, arguments);
  CHECK(second.code == 0);
  CHECK_THAT(second.out, Catch::Contains("going on behind "));
  const Result other = gpu_measure(folder, arguments + " --seed 2");
  CHECK(other.code == 2);
  CHECK_THAT(other.err, Catch::Contains("another plan"));
}

TEST_CASE("gpu-measure without a device ends with exit code 3, says why, and writes nothing") {
  const Folder folder("measure_none");
  const Result none = gpu_measure(folder, "--backend cuda --out x");
  CHECK(none.code == 3);
  CHECK_THAT(none.err, Catch::Contains("CUDA"));
  CHECK_FALSE(folder.has("x"));
}
