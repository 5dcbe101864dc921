// The block `sweep` of a scenario becomes a list of points: a pure function.
#include <catch2/catch.hpp>

#include "scenarios/question.hpp"
#include "scenarios/sweep.hpp"
#include "sim/base/error.hpp"

using namespace orrery;
using namespace orrery::scenario;
using Catch::Contains;

namespace {

JsonDocument document(const std::string& sweep, const std::string& seed = "7") {
  return parse_json("{\"kind\": \"training\", \"batch\": 64, \"seed\": " + seed + ", \"sweep\": " + sweep + "}", "s.json");
}

std::vector<std::string> names(const std::string& sweep, const std::vector<std::string>& overrides = {}) {
  std::vector<std::string> result;
  for (const SweepPoint& point : expand(document(sweep), overrides).points) result.push_back(point.name());
  return result;
}

std::string refusal(const std::string& sweep, const std::vector<std::string>& overrides = {}) {
  try {
    names(sweep, overrides);
  } catch (const ScenarioError& error) {
    return error.what();
  }
  return "accepted";
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a grid is every combination, the first key changing slowest") {
  CHECK(names(R"({"grid": {"batch": [64, 128], "plan.bucket": ["1 MiB", "4 MiB"]}})") ==
        Names{"batch=64,plan.bucket=1MiB", "batch=64,plan.bucket=4MiB", "batch=128,plan.bucket=1MiB",
              "batch=128,plan.bucket=4MiB"});
}

TEST_CASE("lists go side by side, after the grid") {
  CHECK(names(R"({"lists": {"cluster.ranks": [1, 2], "plan.data_parallel": [1, 2]}, "grid": {"batch": [8, 16]}})") ==
        Names{"batch=8,cluster.ranks=1,plan.data_parallel=1", "batch=8,cluster.ranks=2,plan.data_parallel=2",
              "batch=16,cluster.ranks=1,plan.data_parallel=1", "batch=16,cluster.ranks=2,plan.data_parallel=2"});
}

TEST_CASE("every point gets the same seeds: common random numbers") {
  const Names expected{"batch=8,seed=7", "batch=8,seed=8", "batch=16,seed=7", "batch=16,seed=8"};
  CHECK(names(R"({"grid": {"batch": [8, 16]}, "seeds": 2})") == expected);
  CHECK(names(R"({"seeds": [7, 8], "grid": {"batch": [8, 16]}})") == expected);
}

TEST_CASE("seeds are not counted up from what is no seed") {
  for (const std::string seed : {R"("x")", "-1", "1.5", "null"}) {
    CHECK_THROWS_WITH(expand(document(R"({"seeds": 2})", seed)),
                      Contains("$.seed") && Contains(seed + " is no seed") && Contains("a whole number of at least 0"));
  }
}

TEST_CASE("a point is the base document with its values set, without the sweep block") {
  const Sweep sweep = expand(document(R"({"grid": {"plan.bucket": ["1 MiB"], "model.hidden": [[8, 8]]}})"), {"batch=32"});
  CHECK_FALSE(sweep.base.root.contains("sweep"));
  CHECK(sweep.base.root["batch"] == 32);
  CHECK(sweep.points.at(0).overrides() == Names{"plan.bucket=\"1 MiB\"", "model.hidden=[8,8]"});
  CHECK(sweep.points.at(0).name().rfind("plan.bucket=1MiB,model.hidden=_8,8_-", 0) == 0);
}

TEST_CASE("names of points are file names, distinct also when they had to be cut") {
  const std::string tail(300, 'x');
  const Names long_names = names(R"({"grid": {"name": [")" + tail + R"(a", ")" + tail + R"(b", "../up"]}})");
  CHECK(long_names[0] != long_names[1]);
  CHECK(long_names[0].size() < 140);
  CHECK(long_names[2].find('/') == std::string::npos);
}

TEST_CASE("a sweep's own values can be replaced from the command line, but not a key that it varies") {
  CHECK(names(R"({"grid": {"batch": [8]}})", {"sweep.seeds=2"}) == Names{"batch=8,seed=7", "batch=8,seed=8"});
  CHECK_THAT(refusal(R"({"grid": {"batch": [8]}})", {"batch=4"}), Contains("--set batch: the sweep varies \"batch\""));
  CHECK_THAT(refusal(R"({"grid": {"plan.bucket": ["1 MiB"]}})", {"plan={}"}), Contains("varies \"plan.bucket\""));
}

TEST_CASE("a sweep that cannot be meant is refused with its place") {
  CHECK_THAT(refusal("{}"), Contains("s.json:1:") && Contains("nothing varies"));
  CHECK_THAT(refusal("3"), Contains("expected an object"));
  CHECK_THAT(refusal(R"({"gird": {}})"), Contains("$.sweep.gird") && Contains("did you mean \"grid\"?"));
  CHECK_THAT(refusal(R"({"grid": {"batch": 8}})"), Contains("$.sweep.grid.batch") && Contains("expected a list"));
  CHECK_THAT(refusal(R"({"grid": {"batch": []}})"), Contains("expected a list"));
  CHECK_THAT(refusal(R"({"grid": {"batch": [8, 8]}})"), Contains("the point batch=8 comes twice"));
  CHECK_THAT(refusal(R"({"grid": {"batch": [8]}, "lists": {"batch": [8]}})"), Contains("varied twice"));
  CHECK_THAT(refusal(R"({"lists": {"a": [1, 2], "b": [1]}})"), Contains("1 values, but the other lists have 2"));
  CHECK_THAT(refusal(R"({"seeds": 0})"), Contains("$.sweep.seeds") && Contains("expected a number of seeds"));
  CHECK_THAT(refusal(R"({"seeds": 1000, "grid": {"batch": [1, 2, 3], "steps": [)" + [] {
    std::string list = "1";
    for (int i = 2; i < 100; ++i) list += "," + std::to_string(i);
    return list;
  }() + "]}}"), Contains("more than 100000 points"));
  CHECK_THROWS_WITH(expand(parse_json("{}", "s.json")), Contains("no block \"sweep\""));
  CHECK_THROWS_WITH(read_question(document(R"({"seeds": 2})")), Contains("use orrery sweep"));
}
