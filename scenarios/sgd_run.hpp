// A scenario of kind "sgd" answered: every variant is simulated once for each seed, on all cores, and the runs of a
// variant are folded into means and intervals. Pure: the data are a value here. The same bytes on any number of threads.
#pragma once

#include <string>

#include "scenarios/sgd_report.hpp"
#include "scenarios/sgd_scenario.hpp"

namespace orrery::scenario {

struct SgdOutcome {
  SgdReport report;
  std::string trace;  ///< Chrome trace events as JSON; empty unless asked for
};

/// `data` is null where the problem makes its own; `threads` 0: as many as the machine has. REQUIRES: a checked scenario
/// whose problem does not refuse the data.
SgdOutcome run(const SgdScenario& scenario, const learn::Dataset* data, bool with_trace, int threads = 0);

}  // namespace orrery::scenario
