// A collective scenario answered: each size with each algorithm is timed on the network; the largest size once more with
// one property of the network changed at a time. Pure.
#pragma once

#include <string>

#include "scenarios/collective_report.hpp"
#include "scenarios/collective_scenario.hpp"

namespace orrery::scenario {

struct CollectiveOutcome {
  CollectiveReport report;
  std::string trace;  ///< Chrome trace events as JSON; empty unless asked for
};

/// `with_trace` changes nothing but `trace`. REQUIRES: a checked scenario. Throws ScenarioError when an algorithm's helpers
/// have no host, or fidelity "uncontended" does not hold.
CollectiveOutcome run(const CollectiveScenario& scenario, bool with_trace);

}  // namespace orrery::scenario
