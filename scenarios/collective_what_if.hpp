// Why a collective takes the time that it takes: the same plan simulated again with one property of the network changed
// at a time, and the sentence that follows from it.
#pragma once

#include <string>
#include <vector>

#include "scenarios/collective_machine.hpp"
#include "scenarios/collective_report.hpp"

namespace orrery::scenario {

/// The busiest links twice as fast; no bytes at all, which leaves latency and start-up.
std::vector<CollectiveWhatIf> what_if(const CollectiveScenario& scenario, CollectiveMachine& machine,
                                      const collective::Plan& plan, const collective::PlanTiming& timing);

/// The bottleneck of the case and what would help. `report.what_if` may be empty.
std::string verdict(const CollectiveReport& report, const CollectiveCaseReport& c);

}  // namespace orrery::scenario
