// Building a network and routing on it, by number of hosts: connectivity check, then all neighbours of a ring (what ring
// collectives ask for), then all pairs (all-to-all).
#include <benchmark/benchmark.h>

#include "sim/net/network_config.hpp"
#include "sim/net/routing.hpp"

namespace {

using namespace orrery;

net::Topology network(const char* kind, int hosts) {
  net::NetworkConfig config;
  config.topology.select(kind);
  net::resize(config, hosts);
  return net::build(config);
}

void build(benchmark::State& state, const char* kind) {
  for (auto unused : state) benchmark::DoNotOptimize(network(kind, static_cast<int>(state.range(0))).links().size());
}

/// A new router each time: finds one route per host, or one per pair.
void route(benchmark::State& state, const char* kind, bool all_pairs) {
  const net::Topology topology = network(kind, static_cast<int>(state.range(0)));
  const auto hosts = topology.hosts();
  std::size_t routes = 0, links = 0;
  for (auto unused : state) {
    net::Router router(topology);
    for (std::size_t i = 0; i < hosts.size(); ++i) {
      for (std::size_t step = 1; step < (all_pairs ? hosts.size() : 2); ++step, ++routes) {
        links += router.route(hosts[i], hosts[(i + step) % hosts.size()]).size();
      }
    }
  }
  benchmark::DoNotOptimize(links);
  state.SetItemsProcessed(static_cast<std::int64_t>(routes));
}

BENCHMARK_CAPTURE(build, fat_tree, "fat_tree")->Arg(1024)->Arg(4096)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(route, ring_on_fat_tree, "fat_tree", false)->Arg(1024)->Arg(4096)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(route, ring_on_torus, "torus_3d", false)->Arg(1024)->Arg(4096)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(route, ring_on_rail_pod, "rail_pod", false)->Arg(1024)->Arg(4096)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(route, all_pairs_on_fat_tree, "fat_tree", true)->Arg(1024)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(route, all_pairs_on_torus, "torus_3d", true)->Arg(1024)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
