// What `orrery run` and `orrery list` print, compared with checked-in text, and what they store.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/cli/program.hpp"

using namespace orrery;
using namespace orrery::cli_test;

namespace {

const std::string kScenario =
    "run scenarios/train/mlp_dp2.json --set profile=tests/golden/fake_profile.json ";

/// The expected text of tests/golden, which is also where to put the new one after a wanted change.
void check_golden(const std::string& arguments, const std::string& file) {
  const Result result = run(arguments);
  INFO("after a wanted change: tests/golden/refresh PATH_OF_ORRERY, then look at the diff of " << file);
  CHECK(result.code == 0);
  CHECK(result.out == scenario::read_file(std::string(ORRERY_SOURCE_DIR) + "/tests/golden/" + file));
}

std::string stored(const std::string& name) {
  return scenario::read_file((scratch() / name).string());
}

}  // namespace

TEST_CASE("the lists of what can be named are complete") {
  // A registry file dropped by the linker shows up here.
  for (const char* group : {"backends", "models", "operators", "collectives", "optimizers", "datasets", "topologies", "links",
                            "collective_algorithms", "problems", "compressors", "compute_times", "sgd_variants"}) {
    check_golden(std::string("list ") + group, std::string("list_") + group + ".txt");
  }
}

TEST_CASE("the table of a run is one screen and as expected") {
  check_golden(kScenario + "--set steps=50", "run_mlp_dp2.txt");
  const std::string table = run(kScenario + "--set steps=50").out;
  CHECK(std::count(table.begin(), table.end(), '\n') <= 40);
}

TEST_CASE("the table of a race on digits has the same digits in every build") {
  check_golden("run scenarios/sgd/stragglers_shifted.json --set seeds=2 --set 'horizon.time=60 s'", "run_stragglers_shifted.txt");
}

TEST_CASE("the GPT's table is one screen and as expected") {
  check_golden("run scenarios/train/gpt_dp2.json --set profile=tests/golden/fake_profile.json --set steps=10",
               "run_gpt_dp2.txt");
}

TEST_CASE("the tables of collectives are as expected") {
  for (const char* name : {"torus_4x4", "nvswitch_in_network"}) {
    check_golden(std::string("run scenarios/collective/") + name + ".json", std::string("run_") + name + ".txt");
  }
  check_golden("collective --ranks 8 --sizes 1KiB,1MiB,1GiB --candidates", "collective_auto.txt");
  check_golden("collective --profile h100_sxm --sizes 1KiB,1MiB,256MiB", "collective_h100_sxm.txt");
}

TEST_CASE("a dry run lists every value with its origin and simulates nothing") {
  check_golden(kScenario + "--dry-run", "dry_run_mlp_dp2.txt");
}

TEST_CASE("the same scenario and seed give the same bytes, and another seed gives others") {
  const std::string run_short = kScenario + "--set steps=20 --format json ";
  const std::string first = run(run_short).out;
  CHECK(first == run(run_short).out);
  CHECK(first != run(run_short + "--seed 2").out);
}

TEST_CASE("--set takes one value and may come first and more than once") {
  const Result result =
      run("run --set steps=3 --set batch=64 scenarios/train/mlp_dp2.json --format csv --set "
          "profile=tests/golden/fake_profile.json");
  CHECK(result.code == 0);
  CHECK_THAT(result.out, Catch::Contains("\nsteps,3\n") && Catch::Contains("\nbatch,64\n"));
}

TEST_CASE("--out stores the answer, the resolved scenario and the trace") {
  std::filesystem::remove_all(scratch() / "out");
  const Result result = run(kScenario + "--set steps=20 --format json --out out --trace");
  REQUIRE(result.code == 0);
  CHECK(stored("out/result.json") == result.out);
  const auto trace = nlohmann::json::parse(scenario::gunzip(stored("out/trace.json.gz")));
  CHECK(trace.at("traceEvents").size() > 100);
  // The stored scenario gives the same answer again, without any option.
  const Result again = run("run out/scenario.json --format json");
  CHECK(again.code == 0);
  CHECK(again.out == result.out);
  CHECK(std::distance(std::filesystem::directory_iterator(scratch() / "out"),
                      std::filesystem::directory_iterator()) == 3);
}

TEST_CASE("the parts of a step sum to the step, and the interval holds it") {
  const auto report = nlohmann::json::parse(run(kScenario + "--set steps=20 --format json").out);
  const auto& p = report.at("prediction");
  double sum = 0.0;
  for (const auto& part : p.at("breakdown")) sum += part.get<double>();
  CHECK(sum == Approx(p.at("step_time_s").get<double>()).epsilon(1e-9));
  CHECK(p.at("step_time_low_s") < p.at("step_time_s"));
  CHECK(p.at("step_time_s") < p.at("step_time_high_s"));
  CHECK(p.at("step_times_s").size() == 20);
  double sources = 0.0;
  for (const auto& source : p.at("sources")) sources += source.at("share").get<double>();
  CHECK(sources == Approx(1.0));
}

TEST_CASE("every key of result.json is explained") {
  const auto report = nlohmann::json::parse(run(kScenario + "--set steps=2 --format json").out);
  std::vector<std::string> keys;
  const std::function<void(const nlohmann::json&)> collect = [&](const nlohmann::json& json) {
    if (json.is_array() && !json.empty()) collect(json.front());
    if (!json.is_object()) return;
    for (const auto& [key, value] : json.items()) {
      keys.push_back(key);
      collect(value);
    }
  };
  collect(report);
  const std::string all = run("explain").out;
  for (const std::string& key : keys) {
    CAPTURE(key);
    CHECK((all.find("." + key + " (result.json)") != std::string::npos ||
           all.find(key + " (result.json)") != std::string::npos));
  }
  CHECK(keys.size() > 40);
}

TEST_CASE("schema and documentation are printed as checked in") {
  const std::string root = ORRERY_SOURCE_DIR;
  CHECK(run("schema").out == scenario::read_file(root + "/scenarios/scenario.schema.json"));
  CHECK(run("schema --markdown").out == scenario::read_file(root + "/docs/scenario.md"));
}
