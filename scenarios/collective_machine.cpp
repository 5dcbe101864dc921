#include "scenarios/collective_machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "sim/base/error.hpp"

namespace orrery::scenario {
namespace {

constexpr double kNearFactor = 4.0;  // formulas ignore shared links, so those near the best one are all timed
constexpr std::size_t kComparedMax = 400'000;   // transfers of a candidate that is timed only for comparison
constexpr std::size_t kUnratedMax = 2'000'000;  // and of one that only a simulation can rate

std::size_t transfers_of(const collective::Plan& plan) {
  std::size_t count = 0;
  for (const collective::Channel& channel : plan.channels) count += channel.transfers.size();
  return count;
}

/// Nothing when the plan would be too large.
std::optional<collective::Plan> small_plan(const collective::Algorithm& algorithm,
                                           const collective::PlanRequest& request) {
  try {
    return algorithm.plan(request);
  } catch (const collective::TooManyTransfers&) {
    return std::nullopt;
  }
}

/// What may leave and what may enter each rank's host; the two differ where a fault has one direction.
std::vector<Port> ports_of(const net::Topology& topology, const std::vector<net::NodeId>& ranks) {
  std::vector<Port> of_nodes(topology.nodes().size()), ports;
  for (std::size_t i = 0; i < topology.links().size(); ++i) {
    const net::Link& link = topology.links()[i];
    if (topology.failed(net::LinkId{static_cast<std::int32_t>(i)})) continue;
    of_nodes[link.from.index()].out += link.bandwidth;
    of_nodes[link.to.index()].in += link.bandwidth;
  }
  for (const net::NodeId node : ranks) ports.push_back(of_nodes[node.index()]);
  return ports;
}

/// Those without a time come last.
double sort_key(const std::optional<Seconds>& time) {
  return time ? time->value() : std::numeric_limits<double>::infinity();
}
std::optional<Seconds> simulated(const Candidate& c) {
  return c.timing ? std::optional(c.timing->time) : std::nullopt;
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

Seconds CollectiveMachine::slowest_port(Bytes out, Bytes in) const {
  Seconds slowest{0.0};
  for (const Port& port : ports_) slowest = std::max({slowest, out / port.out, in / port.in});
  return slowest;
}

Seconds CollectiveMachine::rooted(Bytes root_out, Bytes root_in, Bytes out, Bytes in, int root) const {
  Seconds slowest{0.0};
  for (std::size_t i = 0; i < ports_.size(); ++i) {
    const bool is_root = i == static_cast<std::size_t>(root);
    slowest = std::max({slowest, (is_root ? root_out : out) / ports_[i].out, (is_root ? root_in : in) / ports_[i].in});
  }
  return slowest;
}

Seconds CollectiveMachine::unequal_parts(const std::vector<std::int64_t>& counts) const {
  const Bytes element = size_of(scenario_.dtype);
  const std::size_t n = ports_.size();
  Seconds slowest{0.0};
  for (std::size_t rank = 0; rank < n; ++rank) {
    std::int64_t sent = 0, received = 0;
    for (std::size_t other = 0; other < n; ++other) {
      if (other == rank) continue;  // what stays at home
      sent += counts[rank * n + other];
      received += counts[other * n + rank];
    }
    slowest = std::max({slowest, static_cast<double>(sent) * element / ports_[rank].out,
                        static_cast<double>(received) * element / ports_[rank].in});
  }
  return slowest;
}

Seconds CollectiveMachine::all_ports(Bytes total) const {
  Port all;
  for (const Port& port : ports_) {
    all.out += port.out;
    all.in += port.in;
  }
  return std::max(total / all.out, total / all.in);
}

Seconds CollectiveMachine::bound(const collective::PlanRequest& request, int helpers) const {
  if (request.ranks < 2 || request.kind == CollectiveKind::barrier) return Seconds(0.0);
  const Bytes size = static_cast<double>(request.elements) * size_of(scenario_.dtype), none{0.0};
  const double n = request.ranks;
  const Bytes own = size / n, others = (n - 1) / n * size;
  // Between ranks alone every copy and every sum is a message of its own; a switch that reduces and copies saves some.
  const auto between_ranks = [&](Bytes total) { return helpers > 0 ? Seconds(0.0) : all_ports(total); };
  switch (request.kind) {
    // An addend less per message: n-1 messages of each element for the sum and n-1 to spread it.
    case CollectiveKind::all_reduce:
      return std::max(slowest_port(size, size), between_ranks(2.0 * (n - 1) * size));
    case CollectiveKind::reduce_scatter:
      return std::max(slowest_port(others, own), between_ranks((n - 1) * size));
    case CollectiveKind::all_gather:
      return std::max(slowest_port(own, others), between_ranks((n - 1) * size));
    case CollectiveKind::all_to_all:
      return request.counts.empty() ? slowest_port(others, others) : unequal_parts(request.counts);
    case CollectiveKind::broadcast:
      return rooted(size, none, none, size, request.root);
    case CollectiveKind::reduce:
      return rooted(none, size, size, none, request.root);
    case CollectiveKind::point_to_point:
      return std::max(size / ports_[0].out, size / ports_[1].in);
    case CollectiveKind::neighbor_average:
      return slowest_port((request.ranks > 2 ? 2.0 : 1.0) * size, (request.ranks > 2 ? 2.0 : 1.0) * size);
    case CollectiveKind::barrier:
      break;
  }
  return Seconds(0.0);
}

std::vector<collective::Hockney> CollectiveMachine::levels(const collective::PlanRequest& request) {
  std::vector<int> grid = request.dimensions;
  if (grid.empty()) grid.push_back(request.ranks);
  return collective::levels_of(router_, ranks_, grid, endpoint_costs());
}

collective::EndpointCosts CollectiveMachine::endpoint_costs() const {
  return {scenario_.costs.alpha, scenario_.costs.gamma, size_of(scenario_.dtype)};
}

collective::Plan CollectiveMachine::plan(const Registered<collective::Algorithm>& algorithm,
                                         const collective::PlanRequest& request) const {
  try {
    return algorithm->plan(request);
  } catch (const collective::TooManyTransfers& error) {
    std::vector<std::string> small;
    for (const auto& other : collective::eligible(request)) {
      const auto plan = small_plan(*other, request);
      if (plan && has_room(*plan)) small.push_back(other.name());
    }
    throw ScenarioError("$.algorithm",
                        fmt::format("{} on {} ranks {}; use fewer ranks{}", algorithm.name(), request.ranks,
                                    error.what(), small.empty() ? "" : fmt::format(" or auto, {}", fmt::join(small, ", "))));
  }
}

std::vector<Candidate> CollectiveMachine::rated(const collective::PlanRequest& request) {
  std::vector<Candidate> found;
  const std::vector<collective::Hockney> costs = levels(request);
  const int spare = static_cast<int>(spare_hosts_.size());
  for (auto& algorithm : collective::eligible(request)) {
    if (algorithm->servers() > spare) continue;
    Candidate candidate{std::move(algorithm), std::nullopt, std::nullopt};
    if (request.ranks > 1) {
      candidate.closed_form = candidate.algorithm->closed_form(request, size_of(scenario_.dtype), costs);
    }
    found.push_back(std::move(candidate));
  }
  std::stable_sort(found.begin(), found.end(), [](const Candidate& a, const Candidate& b) {
    return sort_key(a.closed_form) < sort_key(b.closed_form);
  });
  return found;
}

Choice CollectiveMachine::choose(const collective::PlanRequest& request) {
  Choice choice;
  std::optional<Seconds> best;  // formula of those that can be planned
  std::optional<std::pair<Seconds, std::string>> fastest;
  bool too_large = false;
  const auto take = [&](Candidate& candidate, collective::Plan plan) {
    candidate.timing = time(plan);
    const std::pair key(candidate.timing->time, candidate.algorithm.name());
    if (fastest && *fastest < key) return;
    fastest = key;
    choice.plan = std::move(plan);
  };
  for (Candidate& candidate : rated(request)) {
    if (!candidate.closed_form || !best || *candidate.closed_form <= kNearFactor * *best) {
      auto plan = small_plan(*candidate.algorithm, request);
      too_large = too_large || !plan;
      if (!plan || !has_room(*plan)) continue;
      if (!best) best = candidate.closed_form;
      const bool is_best = candidate.closed_form && *candidate.closed_form <= *best;
      const std::size_t most = candidate.closed_form ? kComparedMax : kUnratedMax;
      if (is_best || transfers_of(*plan) <= most) take(candidate, std::move(*plan));
    }
    choice.candidates.push_back(std::move(candidate));
  }
  if (choice.candidates.empty()) {
    throw ScenarioError("$.algorithm",
                        too_large ? fmt::format("every algorithm for {} on {} ranks {}; use fewer ranks",
                                                name(request.kind), request.ranks,
                                                collective::TooManyTransfers().what())
                                  : "no algorithm for " + name(request.kind) + " has room here");
  }
  std::sort(choice.candidates.begin(), choice.candidates.end(), [](const Candidate& a, const Candidate& b) {
    return std::pair(sort_key(simulated(a)), a.algorithm.name()) <
           std::pair(sort_key(simulated(b)), b.algorithm.name());
  });
  Candidate& first = choice.candidates.front();
  if (!first.timing) take(first, first.algorithm->plan(request));
  return choice;
}

}  // namespace orrery::scenario
