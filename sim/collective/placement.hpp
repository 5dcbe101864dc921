// Which collective a network asks for, and where its participants stand: ranks on the first hosts in order, servers on
// the hosts behind them, the reducer at the network's reducing switch.
#pragma once

#include <vector>

#include "sim/collective/algorithm.hpp"
#include "sim/net/topology.hpp"

namespace orrery::collective {

/// The network's grid with its last extent set so that the product is `ranks`; empty (one dimension) where the network
/// has no grid or the ranks do not fill it.
std::vector<int> grid_on(const net::Topology& topology, int ranks);

/// The request with the network's grid (its last extent shortened or given up so that the product is `ranks`) and
/// reducer. Throws ScenarioError when the network has fewer hosts than ranks.
PlanRequest request_on(const net::Topology& topology, CollectiveKind kind, int ranks, std::int64_t elements);

/// The node of each participant. Throws ScenarioError when there are too few hosts, or no reducer for a plan with one.
std::vector<net::NodeId> place(const Plan& plan, const net::Topology& topology);

}  // namespace orrery::collective
