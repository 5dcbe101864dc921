#include "scenarios/collective_machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "sim/base/error.hpp"

namespace orrery::scenario {
namespace {

constexpr double kNearFactor = 4.0;  // formulas ignore shared links, so those near the best one are all timed
constexpr std::size_t kTransfersMax = 400'000;  // of a candidate that is timed only for comparison

std::size_t transfers_of(const collective::Plan& plan) {
  std::size_t count = 0;
  for (const collective::Channel& channel : plan.channels) count += channel.transfers.size();
  return count;
}

/// Of each rank's host: the smaller one of what may leave and what may enter it.
std::vector<BytesPerSec> ports_of(const net::Topology& topology, const std::vector<net::NodeId>& ranks) {
  std::vector<BytesPerSec> out(topology.nodes().size()), in(topology.nodes().size()), ports;
  for (std::size_t i = 0; i < topology.links().size(); ++i) {
    const net::Link& link = topology.links()[i];
    if (topology.failed(net::LinkId{static_cast<std::int32_t>(i)})) continue;
    out[link.from.index()] += link.bandwidth;
    in[link.to.index()] += link.bandwidth;
  }
  for (const net::NodeId node : ranks) ports.push_back(std::min(out[node.index()], in[node.index()]));
  return ports;
}

/// The simulated time; those without one come last.
double rank_key(const Candidate& c) {
  if (c.timing) return c.timing->time.value();
  return std::numeric_limits<double>::infinity();
}

}  // namespace

CollectiveMachine::CollectiveMachine(const CollectiveScenario& scenario)
    : CollectiveMachine(scenario, net::build(scenario.cluster.network)) {}

CollectiveMachine::CollectiveMachine(const CollectiveScenario& scenario, net::Topology topology)
    : scenario_(scenario),
      topology_(std::move(topology)),
      router_(topology_),
      ranks_(rank_nodes(scenario, topology_)),
      ports_(ports_of(topology_, ranks_)) {
  for (const net::NodeId host : topology_.hosts()) {
    if (std::find(ranks_.begin(), ranks_.end(), host) == ranks_.end()) spare_hosts_.push_back(host);
  }
}

bool CollectiveMachine::has_room(const collective::Plan& plan) const {
  if (plan.helper_role == collective::HelperRole::reducer)
    return plan.helpers == 0 || topology_.reducer().valid();
  return static_cast<std::size_t>(plan.helpers) <= spare_hosts_.size();
}

std::vector<net::NodeId> CollectiveMachine::nodes_of(const collective::Plan& plan) const {
  if (!has_room(plan)) {
    throw ScenarioError(
        "$.cluster.ranks",
        fmt::format("{} needs {} hosts beside the {} ranks and there are {}; use fewer ranks or a larger "
                    "topology (cluster.resize makes room)",
                    plan.algorithm, plan.helpers, plan.ranks, spare_hosts_.size()));
  }
  std::vector<net::NodeId> nodes = ranks_;
  const bool reducer = plan.helper_role == collective::HelperRole::reducer;
  for (int i = 0; i < plan.helpers; ++i) {
    nodes.push_back(reducer ? topology_.reducer() : spare_hosts_[static_cast<std::size_t>(i)]);
  }
  return nodes;
}

collective::PlanTiming CollectiveMachine::time(const collective::Plan& plan, net::LinkObserver* observer) {
  auto timing = collective::time_plan(plan, router_, nodes_of(plan), endpoint_costs(),
                                      observer == nullptr ? scenario_.fidelity : collective::Fidelity::events,
                                      observer);
  if (!timing) {
    throw ScenarioError("$.fidelity",
                        fmt::format("{} shares links on this network, so \"uncontended\" does not hold; use "
                                    "\"automatic\" or \"events\"",
                                    plan.algorithm));
  }
  return std::move(*timing);
}

Seconds CollectiveMachine::bound(const collective::PlanRequest& request, int helpers) const {
  if (request.ranks < 2) return Seconds(0.0);
  const Bytes size = static_cast<double>(request.elements) * size_of(scenario_.dtype);
  const double n = request.ranks;
  BytesPerSec least{std::numeric_limits<double>::infinity()}, all{0.0};
  for (const BytesPerSec port : ports_) {
    least = std::min(least, port);
    all += port;
  }
  switch (request.kind) {
    case CollectiveKind::barrier:
      return Seconds(0.0);
    // An addend less per message: n-1 messages of each element for the sum and n-1 to spread it.
    case CollectiveKind::all_reduce:
      return std::max(size / least, helpers > 0 ? Seconds(0.0) : 2.0 * (n - 1) * size / all);
    case CollectiveKind::reduce_scatter:
      return (n - 1) * size / all;
    case CollectiveKind::all_gather:
    case CollectiveKind::all_to_all:
      return request.counts.empty() ? (n - 1) / n * size / least : Seconds(0.0);
    case CollectiveKind::reduce:
      return size / ports_[static_cast<std::size_t>(request.root)];
    case CollectiveKind::point_to_point:
      return size / std::min(ports_[0], ports_[1]);
    case CollectiveKind::neighbor_average:
      return (request.ranks > 2 ? 2.0 : 1.0) * size / least;
    case CollectiveKind::broadcast:
      break;
  }
  return size / least;
}

std::vector<collective::Hockney> CollectiveMachine::levels(const collective::PlanRequest& request) {
  std::vector<int> grid = request.dimensions;
  if (grid.empty()) grid.push_back(request.ranks);
  return collective::levels_of(router_, ranks_, grid, endpoint_costs());
}

collective::EndpointCosts CollectiveMachine::endpoint_costs() const {
  return {scenario_.costs.alpha, scenario_.costs.gamma, size_of(scenario_.dtype)};
}

std::vector<Candidate> CollectiveMachine::candidates(const collective::PlanRequest& request) {
  std::vector<Candidate> found;
  Seconds best{std::numeric_limits<double>::infinity()};
  const std::vector<collective::Hockney> costs = levels(request);
  const int spare = static_cast<int>(spare_hosts_.size());
  for (auto& algorithm : collective::eligible(request)) {
    if (AlgorithmChoice(algorithm.name()).extra_hosts(request.kind) > spare) continue;
    Candidate candidate{std::move(algorithm), std::nullopt, std::nullopt};
    if (request.ranks > 1) {
      candidate.closed_form = candidate.algorithm->closed_form(request, size_of(scenario_.dtype), costs);
    }
    if (candidate.closed_form) best = std::min(best, *candidate.closed_form);
    found.push_back(std::move(candidate));
  }
  std::vector<Candidate> able;
  for (Candidate& candidate : found) {
    const bool near = !candidate.closed_form || *candidate.closed_form <= kNearFactor * best;
    if (near) {
      const collective::Plan plan = candidate.algorithm->plan(request);
      if (!has_room(plan)) continue;
      const bool is_best = candidate.closed_form && *candidate.closed_form <= best;
      if (is_best || transfers_of(plan) <= kTransfersMax) candidate.timing = time(plan);
    }
    able.push_back(std::move(candidate));
  }
  std::stable_sort(able.begin(), able.end(),
                   [](const Candidate& a, const Candidate& b) { return rank_key(a) < rank_key(b); });
  if (able.empty())
    throw ScenarioError("$.algorithm", "no algorithm for " + name(request.kind) + " has room here");
  if (!able.front().timing) able.front().timing = time(able.front().algorithm->plan(request));
  return able;
}

}  // namespace orrery::scenario
