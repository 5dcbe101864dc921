// A fabric profile asked for one collective by size: no network is simulated, each time is the profile's own
// estimate with its interval, source, algorithm and the level that limits. A profile without a software stack
// (only a datasheet) answers with the pooled coefficients. Pure: the profile comes as a value.
#pragma once

#include <string>

#include "costmodel/fabric_profile.hpp"
#include "scenarios/fabric_report.hpp"

namespace orrery::scenario {

struct FabricCommand {
  int ranks = 8;
  int nodes = 1;
  std::string collective = "all_reduce";
  std::string sizes = "1KiB..1GiB";
  std::string stack;  ///< empty: the one with the most measured rows
};

/// Throws ScenarioError naming the option and a value that would work.
FabricReport estimate(const cost::FabricProfile& profile, const FabricCommand& command);

}  // namespace orrery::scenario
