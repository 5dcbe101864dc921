#include "scenarios/report_text.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <numeric>

#include "scenarios/explain.hpp"
#include "sim/base/error.hpp"
#include "sim/base/json_io.hpp"

using namespace orrery;
using namespace orrery::scenario;

namespace {
RunReport example() {
  RunReport report;
  report.scenario = "s";
  report.model = "mlp";
  report.memory.parts = {{"parameters", "w", 1000}, {"activations", "a, \"b\"", 2000}};
  report.memory.total_bytes = 3000;
  return report;
}
}  // namespace

TEST_CASE("percentages sum to exactly 100.0") {
  // Thirds: 33.3 + 33.3 + 33.4; the missing tenth goes to one of the largest remainders.
  CHECK(percentages({1, 1, 1}) == std::vector<double>{33.4, 33.3, 33.3});
  CHECK(percentages({1, 0, 0}) == std::vector<double>{100.0, 0.0, 0.0});
  CHECK(percentages({0, 0}) == std::vector<double>{0.0, 0.0});
  for (const std::vector<double>& parts :
       {std::vector<double>{0.3, 7.77, 1e-9, 4}, {5, 1, 3}, {1e-12, 2e-12}}) {
    double tenths = 0.0;
    for (const double share : percentages(parts)) tenths += std::round(10.0 * share);
    CHECK(tenths == 1000.0);
  }
}

TEST_CASE("an answer without a prediction says what does not fit") {
  RunReport report = example();
  report.memory.available_bytes = 1024;
  report.memory.fits = false;
  CHECK(verdict(report) ==
        "Does not fit: a rank needs 2.93 KiB and has 1.00 KiB. The largest part is activations "
        "(1.95 KiB).");
  CHECK_THAT(report_table(report, true), Catch::Contains("2.93 KiB of 1.00 KiB: DOES NOT FIT"));
  CHECK_FALSE(Json::parse(report_json(report)).contains("prediction"));
}

TEST_CASE("CSV quotes text as RFC 4180 wants it") {
  CHECK_THAT(report_csv(example()), Catch::Contains("\nmemory.parts.1.largest,\"a, \"\"b\"\"\"\n"));
  CHECK_THAT(report_csv(example()), Catch::StartsWith("key,value\norrery_version,\"\"\n"));
}

TEST_CASE("titles are bold only on request") {
  CHECK_THAT(report_table(example(), true, true), Catch::Contains("\033[1m"));
  CHECK_THAT(report_table(example(), true, false), !Catch::Contains("\033"));
  CHECK_THAT(report_markdown(example(), false), Catch::Contains("| memory of one rank |"));
}

TEST_CASE("a foreign profile is announced") {
  CHECK_THAT(report_table(example(), false), Catch::Contains("NOT this machine's"));
  CHECK_THAT(report_table(example(), true), Catch::Contains("measured on this machine"));
}

TEST_CASE("a key is explained by its full path or its last parts") {
  const auto known = known_explanations();
  REQUIRE(explain("prediction.breakdown.forward_s", known).size() == 1);
  CHECK(explain("forward_s", known).front().path == "prediction.breakdown.forward_s");
  CHECK(explain("plan.bucket", known).front().place == "scenario");
  const auto seeds = explain("seed", known);  // scenario and result, of each of three kinds; and keys that end in it
  CHECK(std::count_if(seeds.begin(), seeds.end(), [](const Explanation& e) { return e.path == "seed"; }) == 6);
  CHECK_THROWS_WITH(explain("forwrd_s", known), Catch::Contains("did you mean \"forward_s\"?"));
}
