#include "sim/collective/placement.hpp"

#include <fmt/format.h>

#include "sim/base/error.hpp"

namespace orrery::collective {

namespace {

void need_hosts(const net::Topology& topology, int needed, const std::string& what) {
  const std::size_t hosts = topology.hosts().size();
  if (static_cast<std::size_t>(needed) <= hosts) return;
  throw ScenarioError("", fmt::format("{} need {} hosts, and the network has {}", what, needed, hosts));
}

}  // namespace

std::vector<int> grid_on(const net::Topology& topology, int ranks) {
  std::vector<int> grid = topology.dimensions();
  if (grid.size() < 2) return {};
  std::int64_t inner = 1;
  for (std::size_t i = 0; i + 1 < grid.size(); ++i) inner *= grid[i];
  if (ranks % inner != 0) return {};
  grid.back() = static_cast<int>(ranks / inner);
  return grid;
}

PlanRequest request_on(const net::Topology& topology, CollectiveKind kind, int ranks, std::int64_t elements) {
  need_hosts(topology, ranks, fmt::format("{} ranks", ranks));
  PlanRequest request;
  request.kind = kind;
  request.ranks = ranks;
  request.elements = elements;
  request.has_reducer = topology.reducer().valid();
  request.dimensions = grid_on(topology, ranks);
  return request;
}

std::vector<net::NodeId> place(const Plan& plan, const net::Topology& topology) {
  const bool servers = plan.helpers > 0 && plan.helper_role == HelperRole::server;
  need_hosts(topology, servers ? plan.participants() : plan.ranks,
             servers ? fmt::format("{} ranks and {} server{}", plan.ranks, plan.helpers, plan.helpers == 1 ? "" : "s")
                     : fmt::format("{} ranks", plan.ranks));
  const auto hosts = topology.hosts();
  std::vector<net::NodeId> nodes(hosts.begin(), hosts.begin() + (servers ? plan.participants() : plan.ranks));
  if (plan.helpers > 0 && !servers) {
    if (!topology.reducer().valid()) throw ScenarioError("", "the network has no switch that reduces");
    nodes.resize(static_cast<std::size_t>(plan.participants()), topology.reducer());
  }
  return nodes;
}

}  // namespace orrery::collective
