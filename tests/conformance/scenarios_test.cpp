// Every scenario of the repository is under test the moment its file exists.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>

#include "scenarios/artifact.hpp"
#include "scenarios/report_text.hpp"
#include "scenarios/run.hpp"

using namespace orrery;
using namespace orrery::scenario;
namespace fs = std::filesystem;

namespace {

std::vector<std::string> all_scenarios() {
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(ORRERY_SOURCE_DIR) / "scenarios")) {
    const std::string name = entry.path().string();
    if (name.ends_with(".json") && !name.ends_with(".schema.json") && !name.ends_with("_sweep.json")) {
      files.push_back(name);
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// Few steps: what is checked does not depend on their number.
ScenarioFile read(const std::string& path) {
  return read_scenario(read_file(path), path, {"steps=5"});
}

}  // namespace

TEST_CASE("every scenario reads, has a question, and names a profile that is there") {
  REQUIRE(all_scenarios().size() >= 6);
  for (const std::string& path : all_scenarios()) {
    CAPTURE(path);
    const Scenario s = read(path).scenario;
    CHECK(s.name == fs::path(path).stem().string());
    CHECK(s.question.size() > 20);
    CHECK(s.question.back() != ' ');
    CHECK_NOTHROW(resolve_path(s.profile, path));
  }
}

TEST_CASE("every scenario runs twice with the same bytes, with and without a trace") {
  for (const std::string& path : all_scenarios()) {
    CAPTURE(path);
    const Scenario s = read(path).scenario;
    const std::string place = resolve_path(s.profile, path);
    const cost::Profile profile = cost::parse_profile(read_file(place), place);
    const Outcome first = run(s, profile, false);
    REQUIRE(first.report.prediction);
    CHECK(first.trace.empty());
    const Outcome traced = run(s, profile, true);
    CHECK(report_json(first.report) == report_json(traced.report));
    CHECK_FALSE(traced.trace.empty());
    CHECK(traced.trace == run(s, profile, true).trace);
  }
}

TEST_CASE("the shares of every table sum to 100.0 and the answer fits one screen") {
  for (const std::string& path : all_scenarios()) {
    CAPTURE(path);
    const Scenario s = read(path).scenario;
    const std::string place = resolve_path(s.profile, path);
    const Outcome outcome = run(s, cost::parse_profile(read_file(place), place), false);
    for (const bool here : {false, true}) {
      const std::string table = report_table(outcome.report, here);
      CHECK(std::count(table.begin(), table.end(), '\n') <= 40);
      CHECK_THAT(table, Catch::Contains("100.0 %"));
      CHECK(table.ends_with(outcome.report.prediction->bottleneck + "\n"));
    }
  }
}
