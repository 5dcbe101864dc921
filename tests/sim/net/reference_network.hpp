// What the tests of topologies measure with, written independently of the router: distances by breadth-first search, and
// the smallest cut between two sets of hosts by augmenting paths.
#pragma once

#include <algorithm>
#include <deque>
#include <set>
#include <vector>

#include "sim/net/topology.hpp"

namespace orrery::net_test {

/// Links from `from` to each node (-1 where there is no way); only forwarding nodes pass traffic on.
inline std::vector<int> distances_from(const net::Topology& topology, net::NodeId from) {
  std::vector<std::vector<std::size_t>> next(topology.nodes().size());
  for (std::size_t i = 0; i < topology.links().size(); ++i) {
    const net::Link& link = topology.links()[i];
    if (!topology.failed(net::LinkId{static_cast<std::int32_t>(i)})) next[link.from.index()].push_back(link.to.index());
  }
  std::vector<int> distance(topology.nodes().size(), -1);
  distance[from.index()] = 0;
  std::deque<std::size_t> open{from.index()};
  for (; !open.empty(); open.pop_front()) {
    const std::size_t at = open.front();
    if (at != from.index() && topology.nodes()[at].role == net::NodeRole::host) continue;
    for (const std::size_t to : next[at]) {
      if (distance[to] >= 0) continue;
      distance[to] = distance[at] + 1;
      open.push_back(to);
    }
  }
  return distance;
}

/// Cables that must be cut to separate the hosts for which `left` holds from the others (max-flow min-cut, Ford and
/// Fulkerson 1956, each cable carrying one unit). The ends of hosts do not limit.
template <class Left>
int cables_between_halves(const net::Topology& topology, Left left) {
  std::vector<int> spare(topology.links().size(), 1);
  std::vector<std::vector<std::size_t>> out(topology.nodes().size());
  for (std::size_t i = 0; i < topology.links().size(); ++i) out[topology.links()[i].from.index()].push_back(i);
  std::set<std::size_t> sources, sinks;
  for (std::size_t i = 0; i < topology.hosts().size(); ++i) {
    (left(i) ? sources : sinks).insert(topology.hosts()[i].index());
  }
  for (int flow = 0;; ++flow) {
    std::vector<std::size_t> arrived_by(topology.nodes().size(), SIZE_MAX);
    std::vector<bool> seen(topology.nodes().size());
    std::deque<std::size_t> open(sources.begin(), sources.end());
    for (const std::size_t source : sources) seen[source] = true;
    std::size_t end = SIZE_MAX;
    for (; !open.empty() && end == SIZE_MAX; open.pop_front()) {
      for (const std::size_t link : out[open.front()]) {
        const std::size_t to = topology.links()[link].to.index();
        if (spare[link] == 0 || seen[to]) continue;
        seen[to] = true;
        arrived_by[to] = link;
        if (sinks.count(to) > 0) end = to;
        open.push_back(to);
      }
    }
    if (end == SIZE_MAX) return flow;
    while (arrived_by[end] != SIZE_MAX) {
      const net::Link& link = topology.links()[arrived_by[end]];
      --spare[arrived_by[end]];
      ++spare[link.opposite.index()];
      end = link.from.index();
    }
  }
}

}  // namespace orrery::net_test
