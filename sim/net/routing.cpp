// Distances are kept per forwarding node only: a host that does not forward is reached through its gateways, the
// forwarding nodes with a cable to it, so that 4,096 hosts on 128 edge switches need 128 searches and tables.
#include "sim/net/routing.hpp"

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/breadth_first_search.hpp>
#include <boost/graph/strong_components.hpp>
#include <deque>
#include <vector>

#include "sim/base/error.hpp"

namespace orrery::net {
namespace {

using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS>;
constexpr std::uint16_t kFar = UINT16_MAX;

std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

struct Route {
  std::uint64_t pair = UINT64_MAX;
  const LinkId* first = nullptr;
  std::uint32_t length = 0;
};

/// Found routes by pair of nodes: open addressing with linear probing, at most half full.
class RouteCache {
 public:
  /// The route of the pair, or an empty place (its pair is UINT64_MAX) where it belongs.
  Route& at(std::uint64_t pair) {
    std::size_t place = mixed(pair) & (places_.size() - 1);
    while (places_[place].pair != pair && places_[place].pair != UINT64_MAX) place = (place + 1) & (places_.size() - 1);
    return places_[place];
  }
  /// Call before a new route is filled in; moves all of them when half of the places are taken.
  void reserve_one() {
    if (++taken_ * 2 <= places_.size()) return;
    std::vector<Route> old(places_.size() * 2);
    old.swap(places_);
    for (const Route& route : old) {
      if (route.pair != UINT64_MAX) at(route.pair) = route;
    }
  }

 private:
  std::vector<Route> places_ = std::vector<Route>(64);
  std::size_t taken_ = 0;
};

}  // namespace

struct Router::Tables {
  using Distances = std::vector<std::uint16_t>;  // links to go from each forwarding node; kFar where there is no way
  static constexpr std::size_t kBlock = 1 << 14;

  explicit Tables(const Topology& t)
      : topology(t),
        onward(t.nodes().size()),
        against(t.nodes().size()),
        outgoing(t.nodes().size()),
        incoming(t.nodes().size()),
        distances(t.nodes().size()) {
    for (std::size_t i = 0; i < t.links().size(); ++i) {
      const LinkId id{static_cast<std::int32_t>(i)};
      if (t.failed(id)) continue;
      const NodeId from = t.link(id).from, to = t.link(id).to;
      if (forwards(to)) outgoing[from.index()].push_back(id);
      incoming[to.index()].push_back(id);
      if (!forwards(from) || !forwards(to)) continue;
      boost::add_edge(from.index(), to.index(), onward);
      boost::add_edge(to.index(), from.index(), against);
    }
  }

  bool forwards(NodeId node) const { return topology.node(node).role != NodeRole::host; }

  const Distances& towards(NodeId root) {
    Distances& d = distances[root.index()];
    if (!d.empty()) return d;
    std::vector<std::uint32_t> found(topology.nodes().size(), UINT32_MAX);
    found[root.index()] = 0;
    const auto record = boost::record_distances(found.data(), boost::on_tree_edge());
    boost::breadth_first_search(against, root.index(), boost::visitor(boost::make_bfs_visitor(record)));
    d.reserve(found.size());
    for (const std::uint32_t links : found) {
      if (links != UINT32_MAX && links >= kFar) throw ScenarioError("", "a route of more than 65534 links");
      d.push_back(links == UINT32_MAX ? kFar : static_cast<std::uint16_t>(links));
    }
    return d;
  }

  /// Distances towards the nodes through which `to` is reached: itself when it forwards, else its gateways.
  /// With `search` false only `to` itself is an aim.
  void aim(NodeId to, bool search) {
    aimed = to;
    aims.clear();
    if (!search) return;
    if (forwards(to)) {
      aims.push_back(&towards(to));
      return;
    }
    for (const LinkId link : incoming[to.index()]) {
      const NodeId gateway = topology.link(link).from;
      if (!forwards(gateway)) continue;
      const Distances* d = &towards(gateway);
      if (std::find(aims.begin(), aims.end(), d) == aims.end()) aims.push_back(d);
    }
  }

  /// Links from `node` to the nearest aim, 0 only at `aimed` itself; kFar when no way leads on from here.
  std::uint32_t to_go(NodeId node) const {
    if (node == aimed) return 0;
    if (!forwards(node)) return kFar;
    std::uint32_t least = kFar;
    for (const Distances* d : aims) least = std::min<std::uint32_t>(least, (*d)[node.index()]);
    return least == kFar || forwards(aimed) ? least : least + 1;
  }

  std::uint32_t least_to_go(NodeId from) const {
    std::uint32_t least = kFar;
    for (const LinkId link : outgoing[from.index()]) least = std::min(least, to_go(topology.link(link).to));
    return least;
  }

  [[noreturn]] void no_way(NodeId from, NodeId to) const {
    throw ScenarioError("", "no way from \"" + topology.node(from).name + "\" to \"" + topology.node(to).name +
                                "\": the network is not connected");
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
    if (from == to) return {};
    const auto leads_there = [&](LinkId link) { return topology.link(link).from == from; };
    const std::vector<LinkId>& last = incoming[to.index()];
    const bool neighbours = std::any_of(last.begin(), last.end(), leads_there);
    aim(to, !neighbours);  // one link is the shortest way: no search needed
    const std::uint32_t rest = neighbours ? 0 : least_to_go(from);
    if (rest == kFar) no_way(from, to);
    const std::span<LinkId> links = storage(rest + 1);
    const std::uint64_t pair = mixed(key(from, to));
    NodeId at = from;
    for (std::uint32_t hop = 0; hop <= rest; ++hop) {
      const auto closer = [&](LinkId link) {
        return topology.link(link).from == at && to_go(topology.link(link).to) == rest - hop;
      };
      const std::vector<LinkId>& out = hop == rest ? last : outgoing[at.index()];
      const auto choices = std::count_if(out.begin(), out.end(), closer);
      SIM_ASSERT(choices > 0, "each hop of a route leads closer");
      auto chosen = static_cast<std::int64_t>(mixed(pair + hop) % static_cast<std::uint64_t>(choices));
      links[hop] = *std::find_if(out.begin(), out.end(), [&](LinkId link) { return closer(link) && chosen-- == 0; });
      at = topology.link(links[hop]).to;
    }
    return links;
  }

  /// Enough for being connected: all hosts send into and hear from one strongly connected set of forwarding nodes.
  bool one_fabric_joins_all() const {
    std::vector<std::size_t> component(topology.nodes().size());
    const std::size_t components = boost::strong_components(onward, component.data());
    std::vector<std::size_t> sends(components, 0), hears(components, 0);
    std::vector<std::size_t> mark(components, SIZE_MAX);
    for (int direction = 0; direction < 2; ++direction) {
      std::fill(mark.begin(), mark.end(), SIZE_MAX);
      std::vector<std::size_t>& tally = direction == 0 ? sends : hears;
      for (const NodeId host : topology.hosts()) {
        const auto touch = [&](NodeId node) {
          std::size_t& last = mark[component[node.index()]];
          if (last != host.index()) ++tally[component[node.index()]];
          last = host.index();
        };
        if (forwards(host)) touch(host);
        for (const LinkId link : direction == 0 ? outgoing[host.index()] : incoming[host.index()]) {
          const NodeId other = direction == 0 ? topology.link(link).to : topology.link(link).from;
          if (forwards(other)) touch(other);
        }
      }
    }
    for (std::size_t i = 0; i < components; ++i) {
      if (sends[i] == topology.hosts().size() && hears[i] == topology.hosts().size()) return true;
    }
    return false;
  }

  /// Throws when some host cannot reach another one.
  void check_every_pair() {
    std::vector<bool> direct(topology.nodes().size());
    for (const NodeId to : topology.hosts()) {
      aim(to, true);
      direct.assign(direct.size(), false);
      direct[to.index()] = true;
      for (const LinkId link : incoming[to.index()]) direct[topology.link(link).from.index()] = true;
      for (const NodeId from : topology.hosts()) {
        if (!direct[from.index()] && least_to_go(from) == kFar) no_way(from, to);
      }
    }
  }

  static std::uint64_t key(NodeId from, NodeId to) {
    return (static_cast<std::uint64_t>(from.value) << 32) | static_cast<std::uint64_t>(to.value);
  }

  const Topology& topology;
  Graph onward, against;  // links between forwarding nodes, and the same turned round
  std::vector<std::vector<LinkId>> outgoing, incoming;  // outgoing: to forwarding nodes only; the rest are last hops
  std::vector<Distances> distances;  // by root
  NodeId aimed;
  std::vector<const Distances*> aims;
  RouteCache routes;
  std::deque<std::vector<LinkId>> blocks;  // vectors that never grow beyond their capacity: spans stay valid
};

Router::Router(const Topology& topology) : tables_(std::make_unique<Tables>(topology)) {
  if (topology.hosts().empty()) throw ScenarioError("", "the network has no host");
  if (!tables_->one_fabric_joins_all()) tables_->check_every_pair();
}
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

const Topology& Router::topology() const {
  return tables_->topology;
}

std::span<const LinkId> Router::route(NodeId from, NodeId to) {
  const std::uint64_t pair = Tables::key(from, to);
  const Route& known = tables_->routes.at(pair);
  if (known.pair == pair) return {known.first, known.length};
  const std::span<const LinkId> links = tables_->find(from, to);
  tables_->routes.reserve_one();
  tables_->routes.at(pair) = {pair, links.data(), static_cast<std::uint32_t>(links.size())};
  return links;
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
