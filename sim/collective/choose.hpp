// The cheapest of the algorithms that can do a request, as GPU libraries choose by a model of their own: predicted from
// a few numbers (Hockney levels, from the network's routes or from a calibrated profile) through the closed forms. Where
// links are shared this is a first look; "auto" in scenarios then times the promising plans on the network itself.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/collective/algorithm.hpp"
#include "sim/collective/executor.hpp"

namespace orrery::collective {

/// One line of the table that shows the choice.
struct Candidate {
  std::string algorithm;
  std::optional<Seconds> time;
  std::string refusal;  ///< why it cannot do the request; empty when it can
};

struct Choice {
  Registered<Algorithm> algorithm;       ///< with its defaults
  Seconds time{0.0};                     ///< predicted
  std::vector<Candidate> candidates;     ///< the fastest first (by name where equal), those that cannot last
};

/// Costs of a message along each dimension of the ranks' grid (innermost first, product = ranks), when every rank sends
/// to the next one along that dimension: the highest latency, and the time per byte on the most loaded link of a route,
/// so that a network card shared by the GPUs of a node costs what it costs. `ranks[i]` is the host of rank i.
std::vector<Hockney> levels_of(net::Router& router, std::span<const net::NodeId> ranks, std::span<const int> grid,
                               const EndpointCosts& costs);

/// By closed forms on the levels; an algorithm without one is timed by its plan on a network of the last level.
/// Algorithms that need hosts of their own (parameter servers) are not chosen. Throws ScenarioError when none can do
/// the request.
Choice choose(const PlanRequest& request, Bytes element, std::span<const Hockney> levels);

}  // namespace orrery::collective
