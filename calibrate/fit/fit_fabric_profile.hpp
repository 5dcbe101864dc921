// From tables of collectives to the fabric profile of one system: `orrery calibrate fit --collectives`. In-node rows
// become the profile of the GPU's own domain; with a network named, the rows between nodes on that network.
#pragma once

#include <string>
#include <vector>

#include "calibrate/tables/collective_table.hpp"
#include "costmodel/fabric_profile.hpp"

namespace orrery::calibrate {

struct NamedTable {
  std::string name;  ///< file name without folders: for provenance
  CollectiveTable table;
};

struct FabricChoice {
  std::string system;   ///< a known fabric, in any spelling
  std::string network;  ///< a known network; empty = within the node
  std::string stack;    ///< only stacks whose name contains this; empty = all
};

/// Throws ScenarioError when no table has rows of that choice, naming the systems and networks that are there, and when
/// the rows of that choice were measured on different wires (in-network reduction on and off, adapters of two speeds).
cost::FabricProfile fit_fabric_profile(const std::vector<NamedTable>& tables, const FabricChoice& choice);

/// One line: stacks, rows, held-out median and p90, or that no size could be held out.
std::string fabric_headline(const cost::FabricProfile& profile);

}  // namespace orrery::calibrate
