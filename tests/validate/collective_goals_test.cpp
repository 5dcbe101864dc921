#include "validate/collective_goals.hpp"

#include <catch2/catch.hpp>

using namespace orrery;
using namespace orrery::validate;
using Catch::Contains;

TEST_CASE("collectives are good enough at the stated errors and not above") {
  const ErrorSummary at_limits{9, 0.05, 0.15, 0.0};
  const CollectiveErrors errors{at_limits, {9, 0.10, 0.9, 0.0}, {9, 0.15, 0.9, 0.0}};
  CHECK(are_met(judge_collectives(errors)));
  const auto missed = [&errors](auto worsen) {
    CollectiveErrors worse = errors;
    worsen(worse);
    return !are_met(judge_collectives(worse));
  };
  CHECK(missed([](CollectiveErrors& e) { e.within_nodes.median = 0.0501; }));
  CHECK(missed([](CollectiveErrors& e) { e.within_nodes.p90 = 0.1501; }));
  CHECK(missed([](CollectiveErrors& e) { e.more_nodes.median = 0.1001; }));
  CHECK(missed([](CollectiveErrors& e) { e.other_fabrics.median = 0.1501; }));
}

TEST_CASE("a goal whose tables are missing is skipped, not missed, and the headline says so") {
  const auto goals = judge_collectives({{}, {40, 0.2, 0.3, 0.0}, {}});
  CHECK_FALSE(are_met(goals));
  CHECK_THAT(goals_text(goals), Contains("more nodes than fitted: median") && Contains("20.0 % <= 10 %: missed") &&
                                    Contains("no table <=  5 %: skipped"));
  CHECK(goals_headline(goals).rfind("headline: in-node, leave one size out: median no table (skipped); ", 0) == 0);
  CHECK(are_met(judge_collectives({})));
}
