// Sweeps answered: the same bytes on one thread and on four, finished points kept, a failing point in its row.
#include "scenarios/sweep_run.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "scenarios/artifact.hpp"
#include "sim/base/error.hpp"

using namespace orrery;
using namespace orrery::scenario;
using Catch::Contains;
namespace fs = std::filesystem;

namespace {

/// Two seeds of an MLP on the fake machine; `sweep` varies it further.
Sweep mlp(const std::string& sweep, const std::vector<std::string>& overrides = {}) {
  return expand(parse_json(R"({"version": 1, "kind": "training", "name": "t", "model": {"kind": "mlp", "hidden": [16]},
    "batch": 32, "steps": 5, "profile": "fake_profile.json", "sweep": )" + sweep + "}",
                           ORRERY_SOURCE_DIR "/tests/golden/t.json"),
                overrides);
}

const char* const kRanks = R"({"lists": {"cluster.ranks": [1, 2, 4], "plan.data_parallel": [1, 2, 4]}, "seeds": 2})";

/// Counts what is simulated anew.
struct Counter final : SweepProgress {
  void point_done(std::size_t done, std::size_t total, const SweepPoint&, const PointResult& result) override {
    CHECK(done == ++told);
    CHECK(total >= done);
    anew += result.reused ? 0 : 1;
  }
  std::size_t told = 0;
  int anew = 0;
};

fs::path fresh_folder(const std::string& name) {
  const fs::path folder = fs::path(ORRERY_BINARY_DIR) / "sweep_test" / name;
  fs::remove_all(folder);
  return folder;
}

int simulated(const Sweep& sweep, const fs::path& folder) {
  Counter counter;
  run_sweep(sweep, {1, folder.string()}, &counter);
  return counter.anew;
}

std::vector<std::string> all_formats(const Sweep& sweep, const std::vector<PointResult>& results) {
  std::vector<std::string> texts;
  for (const Format format : {Format::table, Format::json, Format::csv, Format::md}) {
    texts.push_back(sweep_text(sweep, results, format));
  }
  return texts;
}

}  // namespace

TEST_CASE("one thread and four give the same bytes, in the order of the points, on the screen and in the files") {
  const Sweep sweep = mlp(kRanks);
  const fs::path one = fresh_folder("one"), four = fresh_folder("four");
  const auto alone = all_formats(sweep, run_sweep(sweep, {1, one.string()}));
  Counter counter;
  CHECK(all_formats(sweep, run_sweep(sweep, {4, four.string()}, &counter)) == alone);
  CHECK(all_formats(sweep, run_sweep(sweep, {4, ""})) == alone);
  CHECK(counter.told == 6);
  for (const SweepPoint& point : sweep.points) {
    const std::string file = "points/" + point.name() + ".json";
    CHECK(read_file((one / file).string()) == read_file((four / file).string()));
  }
}

TEST_CASE("a point's figures are those of the run with the same values set") {
  const Sweep sweep = mlp(kRanks);
  const auto results = run_sweep(sweep, {});
  const auto alone = rows(answer(read_question(sweep.base, sweep.points[3].overrides())));
  REQUIRE(results[3].rows.size() == alone.size());
  CHECK(results[3].rows[0][0].column == alone[0][0].column);
  CHECK(results[3].rows[0][0].value == alone[0][0].value);
  CHECK(results[3].rows[0][0].value != results[2].rows[0][0].value);  // another seed, another draw
}

TEST_CASE("finished points are kept and used again while scenario and profile are the same") {
  const fs::path folder = fresh_folder("resume");
  const Sweep sweep = mlp(kRanks);
  const auto first = all_formats(sweep, run_sweep(sweep, {2, folder.string()}));
  CHECK(simulated(sweep, folder) == 0);
  CHECK(all_formats(sweep, run_sweep(sweep, {2, folder.string()})) == first);

  fs::remove(folder / "points" / (sweep.points[1].name() + ".json"));
  std::ofstream(folder / "points" / (sweep.points[4].name() + ".json")) << "{\"inputs_hash\": ";  // cut off
  CHECK(simulated(sweep, folder) == 2);

  CHECK(simulated(mlp(kRanks, {"steps=6"}), folder) == 6);
  CHECK(simulated(mlp(kRanks, {"outputs.trace=true", "steps=6"}), folder) == 0);  // changes no result
}

TEST_CASE("a longer sweep reuses the points of a shorter one") {
  const fs::path folder = fresh_folder("longer");
  CHECK(simulated(mlp(R"({"grid": {"batch": [16, 64]}})"), folder) == 2);
  CHECK(simulated(mlp(R"({"grid": {"batch": [8, 16, 32, 64]}})"), folder) == 2);
}

TEST_CASE("a changed profile makes its points be simulated again") {
  const fs::path folder = fresh_folder("profile");
  const Sweep sweep = mlp(R"({"seeds": 2})");
  CHECK(simulated(sweep, folder) == 2);
  const std::string path = (folder / "other_profile.json").string();
  cost::Profile profile = cost::parse_profile(read_file(ORRERY_SOURCE_DIR "/tests/golden/fake_profile.json"), "p.json");
  std::ofstream(path) << cost::write_profile(profile);
  CHECK(simulated(mlp(R"({"seeds": 2})", {"profile=" + path}), folder) == 0);
  profile.date = "2026-01-02";
  std::ofstream(path) << cost::write_profile(profile);
  CHECK(simulated(mlp(R"({"seeds": 2})", {"profile=" + path}), folder) == 2);
}

TEST_CASE("points that another build of the program kept are simulated again") {
  const fs::path folder = fresh_folder("program");
  const Sweep sweep = mlp(R"({"seeds": 2})");
  CHECK(simulated(sweep, folder) == 2);
  Counter other, again;
  run_sweep(sweep, {1, folder.string(), "another build"}, &other);
  CHECK(other.anew == 2);
  run_sweep(sweep, {1, folder.string(), "another build"}, &again);
  CHECK(again.anew == 0);
  CHECK(simulated(sweep, folder) == 2);
}

TEST_CASE("a point that cannot be answered says why in its row, and the others are there") {
  const Sweep sweep = mlp(R"({"grid": {"batch": [32, 0, 64]}})");
  const auto results = run_sweep(sweep, {2, ""});
  CHECK(results[0].error.empty());
  CHECK_THAT(results[1].error, Contains("batch") && Contains("at least 1"));
  CHECK_FALSE(results[1].goal_met);
  CHECK(results[2].error.empty());
  CHECK(results[2].rows.size() == 1);
  const std::string csv = sweep_text(sweep, results, Format::csv);
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 4);
  CHECK_THAT(csv, Contains("0,,") && Contains("at least 1"));
}

TEST_CASE("a point that does not fit into memory is a row with a missed goal") {
  const Sweep sweep = mlp(R"({"grid": {"cluster.node_memory": ["1 GiB", "1 KiB"]}})");
  const auto results = run_sweep(sweep, {2, ""});
  CHECK(results[0].goal_met);
  CHECK_FALSE(results[1].goal_met);
  CHECK(results[1].error.empty());
  // What was not simulated has no time: null, an empty field, a dash; never 0.
  CHECK(results[0].rows[0][0].value.is_number());
  CHECK(results[1].rows[0][0].column == "step_time_s");
  CHECK(results[1].rows[0][0].value.is_null());
  CHECK_THAT(sweep_text(sweep, results, Format::csv), Contains("\n\"1 KiB\",,,,,,,,"));
  CHECK_THAT(sweep_text(sweep, results, Format::md), Contains(" - |"));
}

TEST_CASE("when no point can be answered the first one's error is the answer") {
  CHECK_THROWS_AS(run_sweep(mlp(R"({"grid": {"bach": [1, 2]}})"), {}), ScenarioError);
  CHECK_THROWS_WITH(run_sweep(mlp(R"({"grid": {"bach": [1, 2]}})"), {}),
                    Contains("did you mean \"batch\"?") && Contains("no other point"));
}

TEST_CASE("collectives are swept like training runs, a layout that cannot be built in its row") {
  const Sweep sweep = expand(parse_json(R"({"version": 1, "kind": "collective", "name": "c", "sizes": "1 MiB",
    "cluster": {"ranks": 4, "network": {"topology": {"kind": "fat_tree"}}}, "algorithm": "ring",
    "sweep": {"grid": {"cluster.network.topology.k": [4, 5, 8]}}})",
                                        "c.json"));
  const auto results = run_sweep(sweep, {4, ""});
  CHECK(results[0].error.empty());
  CHECK_THAT(results[1].error, Contains("k=5 is odd; use 4 or 6"));
  CHECK(results[2].rows.size() == 1);
  CHECK(sweep_text(sweep, results, Format::json) == sweep_text(sweep, run_sweep(sweep, {1, ""}), Format::json));
}

TEST_CASE("every line of a sweep's CSV has the header's fields, also where objects vary, and no name comes twice") {
  const Sweep sweep = expand(parse_json(R"({"version": 1, "kind": "collective", "name": "c", "sizes": "1 MiB",
    "cluster": {"ranks": 4, "network": {"topology": {"kind": "single_switch", "hosts": 6}}}, "outputs": {"what_if": false},
    "sweep": {"grid": {"algorithm": ["auto", {"kind": "parameter_server", "servers": 2}]}}})",
                                        "c.json"));
  const std::string csv = sweep_text(sweep, run_sweep(sweep, {1, ""}), Format::csv);
  CHECK(csv.rfind("algorithm,size_bytes,result.algorithm,time_s,", 0) == 0);
  CHECK_THAT(csv, Contains("\n\"{\"\"kind\"\":\"\"parameter_server\"\",\"\"servers\"\":2}\",1048576,"
                           "\"parameter_server (servers 2)\","));
}
