// The network of a collective scenario, ready to time plans on: topology, routes, the nodes of ranks and helpers, and what
// is known about it without simulating (bandwidth bound, closed forms, the choice of "auto").
#pragma once

#include <optional>
#include <vector>

#include "scenarios/collective_scenario.hpp"
#include "sim/collective/algorithm.hpp"
#include "sim/collective/choose.hpp"
#include "sim/collective/executor.hpp"
#include "sim/net/routing.hpp"

namespace orrery::scenario {

/// One algorithm that could do a request.
struct Candidate {
  Registered<collective::Algorithm> algorithm;
  std::optional<Seconds> closed_form;
  std::optional<collective::PlanTiming> timing;
};

class CollectiveMachine {
 public:
  /// `scenario` outlives the machine. REQUIRES: checked. The second form has links changed.
  explicit CollectiveMachine(const CollectiveScenario& scenario);
  CollectiveMachine(const CollectiveScenario& scenario, net::Topology topology);
  CollectiveMachine(const CollectiveMachine&) = delete;
  CollectiveMachine& operator=(const CollectiveMachine&) = delete;

  const net::Topology& topology() const { return topology_; }

  /// True when there are hosts (or a reducing switch) for the plan's helpers.
  bool has_room(const collective::Plan& plan) const;
  /// Throws ScenarioError when there is no room, or when fidelity "uncontended" is asked for and some link is shared.
  collective::PlanTiming time(const collective::Plan& plan, net::LinkObserver* observer = nullptr);

  /// What the ports of the ranks allow at best: each rank receives what it lacks, and what is added up must be sent.
  Seconds bound(const collective::PlanRequest& request, int helpers) const;

  /// Every algorithm that can do the request here, fastest first; those whose formula is near the best one's (or that have
  /// none) are timed. The first one is the choice of "auto".
  std::vector<Candidate> candidates(const collective::PlanRequest& request);

 private:
  std::vector<collective::Hockney> levels(const collective::PlanRequest& request);
  collective::EndpointCosts endpoint_costs() const;
  std::vector<net::NodeId> nodes_of(const collective::Plan& plan) const;

  const CollectiveScenario& scenario_;
  net::Topology topology_;
  net::Router router_;
  std::vector<net::NodeId> ranks_;
  std::vector<BytesPerSec> ports_;  // by rank
  std::vector<net::NodeId> spare_hosts_;
};

}  // namespace orrery::scenario
