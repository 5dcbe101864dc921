#include "sim/collective/levels.hpp"

#include <algorithm>

namespace orrery::collective {

std::vector<Hockney> levels_of(net::Router& router, std::span<const net::NodeId> ranks, std::span<const int> grid,
                               const EndpointCosts& costs) {
  const net::Topology& topology = router.topology();
  std::vector<Hockney> levels;
  std::size_t stride = 1;
  for (const int dimension : grid) {
    const auto extent = static_cast<std::size_t>(dimension);
    std::vector<int> load(topology.links().size(), 0);
    const auto for_each_route = [&](auto visit) {
      for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
        const std::size_t place = rank / stride % extent;
        const std::size_t next = rank - place * stride + (place + 1) % extent * stride;
        visit(router.route(ranks[rank], ranks[next]));
      }
    };
    for_each_route([&](std::span<const net::LinkId> route) {
      for (const net::LinkId link : route) ++load[link.index()];
    });
    Hockney level{costs.alpha, SecondsPerByte(0.0), costs.gamma};
    for_each_route([&](std::span<const net::LinkId> route) {
      level.alpha = std::max(level.alpha, costs.alpha + net::route_latency(topology, route));
      for (const net::LinkId link : route) {
        const double share = topology.link(link).bandwidth.value() / load[link.index()];
        level.beta = std::max(level.beta, SecondsPerByte(1.0 / share));
      }
    });
    levels.push_back(level);
    stride *= extent;
  }
  return levels;
}

}  // namespace orrery::collective
