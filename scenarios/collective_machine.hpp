// The network of a collective scenario, ready to time plans on: topology, routes, the nodes of ranks and helpers, and what
// is known about it without simulating (bandwidth bound, closed forms, the choice of "auto").
#pragma once

#include <optional>
#include <vector>

#include "scenarios/collective_scenario.hpp"
#include "sim/collective/algorithm.hpp"
#include "sim/collective/executor.hpp"
#include "sim/collective/levels.hpp"
#include "sim/net/routing.hpp"

namespace orrery::scenario {

/// What all links from a host, and all links to it, carry together.
struct Port {
  BytesPerSec out{0.0}, in{0.0};
};

/// One algorithm that could do a request.
struct Candidate {
  Registered<collective::Algorithm> algorithm;
  std::optional<Seconds> closed_form;
  std::optional<collective::PlanTiming> timing;
};

/// What "auto" takes, and what it was compared with.
struct Choice {
  collective::Plan plan;              ///< of the fastest candidate
  std::vector<Candidate> candidates;  ///< fastest first; the first one is timed
};

class CollectiveMachine {
 public:
  /// `scenario` outlives the machine. REQUIRES: checked. The second form has links changed.
  explicit CollectiveMachine(const CollectiveScenario& scenario);
  CollectiveMachine(const CollectiveScenario& scenario, net::Topology topology);
  CollectiveMachine(const CollectiveMachine&) = delete;
  CollectiveMachine& operator=(const CollectiveMachine&) = delete;

  const net::Topology& topology() const { return topology_; }

  /// Throws ScenarioError with the algorithms that would work when the plan would be too large.
  collective::Plan plan(const Registered<collective::Algorithm>& algorithm,
                        const collective::PlanRequest& request) const;
  /// True when there are hosts (or a reducing switch) for the plan's helpers.
  bool has_room(const collective::Plan& plan) const;
  /// Throws ScenarioError when there is no room, or when fidelity "uncontended" is asked for and some link is shared.
  collective::PlanTiming time(const collective::Plan& plan, net::LinkObserver* observer = nullptr);

  /// What the ports of the ranks allow at best, each direction by itself: each rank receives what it lacks and sends
  /// what nobody else has, and what is added up must be sent.
  Seconds bound(const collective::PlanRequest& request, int helpers) const;

  /// Among all algorithms that can do the request here; those whose formula is near the best one's, or that have none, are
  /// timed. Throws ScenarioError when there is none.
  Choice choose(const collective::PlanRequest& request);

 private:
  /// By their formulas, the best first.
  std::vector<Candidate> rated(const collective::PlanRequest& request);
  std::vector<collective::Hockney> levels(const collective::PlanRequest& request);
  collective::EndpointCosts endpoint_costs() const;
  std::vector<net::NodeId> nodes_of(const collective::Plan& plan) const;

  /// All-to-all with counts: so long takes the slowest port for what goes to and comes from the others.
  Seconds unequal_parts(const std::vector<std::int64_t>& counts) const;
  /// So long takes the slowest port when every rank must send `out` and receive `in`; `rooted`: the root other amounts.
  Seconds slowest_port(Bytes out, Bytes in) const;
  Seconds rooted(Bytes root_out, Bytes root_in, Bytes out, Bytes in, int root) const;
  /// So long take all ports together when `total` must leave and enter the ranks.
  Seconds all_ports(Bytes total) const;

  const CollectiveScenario& scenario_;
  net::Topology topology_;
  net::Router router_;
  std::vector<net::NodeId> ranks_;
  std::vector<Port> ports_;  // by rank
  std::vector<net::NodeId> spare_hosts_;
};

}  // namespace orrery::scenario
