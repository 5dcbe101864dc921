#include "sim/net/routing.hpp"

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/breadth_first_search.hpp>
#include <boost/graph/filtered_graph.hpp>
#include <deque>
#include <vector>

#include "sim/base/error.hpp"

namespace orrery::net {
namespace {

using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS>;
using Edge = boost::graph_traits<Graph>::edge_descriptor;
constexpr std::int32_t kFar = INT32_MAX;

/// Edges that a search backwards from `root` may use: only forwarding nodes pass traffic on.
struct Passes {
  const Topology* topology = nullptr;
  const Graph* graph = nullptr;
  std::size_t root = 0;
  bool operator()(const Edge& edge) const {
    const std::size_t at = boost::source(edge, *graph);
    return at == root || topology->nodes()[at].role != NodeRole::host;
  }
};

std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

}  // namespace

struct Router::Tables {
  struct Route {
    const LinkId* first = nullptr;
    std::int32_t length = -1;  // -1: not asked for yet
  };
  struct Destination {
    std::vector<std::int32_t> distance;  // links to go from each node; kFar where there is no way
    std::vector<Route> routes;           // by source
  };
  static constexpr std::size_t kBlock = 1 << 14;

  explicit Tables(const Topology& t)
      : topology(t), against(t.nodes().size()), outgoing(t.nodes().size()), destinations(t.nodes().size()) {
    for (std::size_t i = 0; i < t.links().size(); ++i) {
      const LinkId id{static_cast<std::int32_t>(i)};
      if (t.failed(id)) continue;
      boost::add_edge(t.link(id).to.index(), t.link(id).from.index(), against);
      outgoing[t.link(id).from.index()].push_back(id);
    }
  }

  const Destination& towards(NodeId to) {
    Destination& d = destinations[to.index()];
    if (!d.distance.empty()) return d;
    d.distance.assign(topology.nodes().size(), kFar);
    d.distance[to.index()] = 0;
    d.routes.resize(topology.nodes().size());
    const boost::filtered_graph<Graph, Passes> passable(against, Passes{&topology, &against, to.index()});
    boost::breadth_first_search(
        passable, to.index(),
        boost::visitor(boost::make_bfs_visitor(
            boost::record_distances(d.distance.data(), boost::on_tree_edge()))));
    return d;
  }

  std::span<LinkId> storage(std::size_t length) {
    if (blocks.empty() || blocks.back().capacity() - blocks.back().size() < length) {
      blocks.emplace_back().reserve(std::max(kBlock, length));
    }
    std::vector<LinkId>& block = blocks.back();
    block.resize(block.size() + length);
    return std::span(block).last(length);
  }

  std::span<const LinkId> find(NodeId from, NodeId to) {
    const Destination& d = towards(to);
    if (d.distance[from.index()] == kFar) {
      throw ScenarioError("", "no way from \"" + topology.node(from).name + "\" to \"" +
                                  topology.node(to).name + "\": the network is not connected");
    }
    const std::span<LinkId> links = storage(static_cast<std::size_t>(d.distance[from.index()]));
    const std::uint64_t pair = mixed((static_cast<std::uint64_t>(from.value) << 32) | to.index());
    NodeId at = from;
    for (std::size_t hop = 0; hop < links.size(); ++hop) {
      const auto closer = [&](LinkId l) {
        return d.distance[topology.link(l).to.index()] == d.distance[at.index()] - 1;
      };
      const std::vector<LinkId>& out = outgoing[at.index()];
      const auto choices = std::count_if(out.begin(), out.end(), closer);
      auto chosen = static_cast<std::int64_t>(mixed(pair + hop) % static_cast<std::uint64_t>(choices));
      links[hop] = *std::find_if(out.begin(), out.end(), [&](LinkId l) { return closer(l) && chosen-- == 0; });
      at = topology.link(links[hop]).to;
    }
    return links;
  }

  const Topology& topology;
  Graph against;  // edges turned round
  std::vector<std::vector<LinkId>> outgoing;
  std::vector<Destination> destinations;
  std::deque<std::vector<LinkId>> blocks;  // vectors that never grow beyond their capacity: spans stay valid
};

Router::Router(const Topology& topology) : tables_(std::make_unique<Tables>(topology)) {
  if (topology.hosts().empty()) throw ScenarioError("", "the network has no host");
  const NodeId first = topology.hosts().front();
  for (const NodeId host : topology.hosts()) {
    if (tables_->towards(first).distance[host.index()] == kFar) tables_->find(host, first);
  }
}
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

const Topology& Router::topology() const {
  return tables_->topology;
}

std::span<const LinkId> Router::route(NodeId from, NodeId to) {
  tables_->towards(to);
  Tables::Route& route = tables_->destinations[to.index()].routes[from.index()];
  if (route.length < 0) {
    const std::span<const LinkId> links = tables_->find(from, to);
    route = {links.data(), static_cast<std::int32_t>(links.size())};
  }
  return {route.first, static_cast<std::size_t>(route.length)};
}

Seconds route_latency(const Topology& topology, std::span<const LinkId> route) {
  Seconds sum;
  for (const LinkId link : route) sum += topology.link(link).latency;
  return sum;
}

BytesPerSec route_bandwidth(const Topology& topology, std::span<const LinkId> route) {
  SIM_ASSERT(!route.empty(), "a route without links has no bandwidth");
  BytesPerSec least = topology.link(route.front()).bandwidth;
  for (const LinkId link : route) least = std::min(least, topology.link(link).bandwidth);
  return least;
}

}  // namespace orrery::net
