// A collective asked for in a few words, as on the command line, turned into a scenario document: everything that a
// scenario file can say is then one `set` away.
#pragma once

#include <string>
#include <vector>

#include "sim/base/json_io.hpp"

namespace orrery::scenario {

struct CollectiveCommand {
  std::string topology = "single_switch";
  int ranks = 8;
  std::string collective = "all_reduce";
  std::string sizes = "1KiB..1GiB";
  std::vector<std::string> algorithms{"auto"};  ///< several are compared
  std::string link;                             ///< preset for the topology's cables; empty: its own
  std::vector<std::string> overrides;           ///< "topology.k=8" is short for "cluster.network.topology.k=8"
};

/// The topology has its defaults, is resized to the ranks, and then changed by the overrides. Throws ScenarioError naming
/// the option and the nearest known name.
JsonDocument collective_document(const CollectiveCommand& command);

}  // namespace orrery::scenario
