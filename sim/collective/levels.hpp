// What a message costs along each dimension of the ranks' grid, from the routes of a network: the Hockney levels on which
// closed forms are evaluated. Where links are shared this is a first look; "auto" in scenarios then times the promising
// plans on the network itself.
#pragma once

#include <span>
#include <vector>

#include "sim/collective/algorithm.hpp"
#include "sim/collective/executor.hpp"

namespace orrery::collective {

/// Costs of a message along each dimension of the ranks' grid (innermost first, product = ranks), when every rank sends
/// to the next one along that dimension: the highest latency, and the time per byte on the most loaded link of a route,
/// so that a network card shared by the GPUs of a node costs what it costs. `ranks[i]` is the host of rank i.
std::vector<Hockney> levels_of(net::Router& router, std::span<const net::NodeId> ranks, std::span<const int> grid,
                               const EndpointCosts& costs);

}  // namespace orrery::collective
