// Any network, written out: nodes and cables in JSON. For machines that no other builder describes.
//   {"kind": "graph", "nodes": [{"name": "a"}, {"name": "b"}, {"name": "s", "role": "switching"}],
//    "cables": [{"between": ["a", "s"], "link": {"bandwidth": "10 GB/s"}}, {"between": ["b", "s"]}]}
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sim/base/error.hpp"
#include "sim/base/spelling.hpp"
#include "sim/net/link_config.hpp"
#include "sim/net/topology_builder.hpp"

namespace orrery::net {

constexpr auto names_of(NodeRole) {
  return std::array{std::string_view("host"), std::string_view("forwarding_host"), std::string_view("switching")};
}

namespace {

struct NodeConfig {
  std::string name;
  NodeRole role = NodeRole::host;
};
template <class V>
void fields(V& v, NodeConfig& c) {
  v("name", c.name, "name of the node, once in the graph", required());
  v("role", c.role, "host: holds a rank; forwarding_host: also passes traffic on; switching: only that");
}

struct CableConfig {
  std::vector<std::string> between;
  LinkConfig link;
};
template <class V>
void fields(V& v, CableConfig& c) {
  v("between", c.between, "names of the two nodes that it joins", required());
  v("link", c.link, "its bandwidth and latency");
}

struct GraphConfig {
  std::vector<NodeConfig> nodes{{"host 0", NodeRole::host}, {"host 1", NodeRole::host}};
  std::vector<CableConfig> cables{{{"host 0", "host 1"}, {}}};
  std::vector<int> dimensions;
};
template <class V>
void fields(V& v, GraphConfig& c) {
  v("nodes", c.nodes, "hosts in the order of their ranks, and switches", required());
  v("cables", c.cables, "full-duplex cables; the same pair again is a parallel one", required());
  v("dimensions", c.dimensions, "extents of the host grid, such as [8, 2] for 2 nodes of 8 GPUs; none: one dimension",
    at_least(1));
}

class Graph final : public Configured<TopologyBuilder, Graph, GraphConfig> {
 public:
  Topology build() const override {
    Topology topology;
    std::map<std::string, NodeId> by_name;
    for (std::size_t i = 0; i < config().nodes.size(); ++i) {
      const auto& [name, role] = config().nodes[i];
      const std::string place = fmt::format("topology.nodes[{}].name", i);
      if (name.empty() || name.find("->") != std::string::npos || name.find('#') != std::string::npos) {
        throw ScenarioError(place, "\"" + name + "\" is no name; expected text without \"->\" and \"#\"");
      }
      const NodeId id = role == NodeRole::switching ? topology.add_switch(name) : topology.add_host(name, role);
      if (!by_name.emplace(name, id).second) throw ScenarioError(place, "a second node \"" + name + "\"");
    }
    if (topology.hosts().empty()) throw ScenarioError("topology.nodes", "no host; add one such as {\"name\": \"host 0\"}");
    for (std::size_t i = 0; i < config().cables.size(); ++i) add_cable(topology, by_name, i);
    check_dimensions(topology.hosts().size());
    topology.set_dimensions(config().dimensions.empty() ? std::vector<int>{static_cast<int>(topology.hosts().size())}
                                                        : config().dimensions);
    return topology;
  }

  void resize(int hosts) override {
    std::int64_t there = 0;
    for (const NodeConfig& node : config().nodes) there += node.role != NodeRole::switching;
    if (hosts <= there) return;
    throw ScenarioError("topology.nodes",
                        fmt::format("the graph has {} hosts and does not grow; {} are needed", there, hosts));
  }

 private:
  void add_cable(Topology& topology, const std::map<std::string, NodeId>& by_name, std::size_t index) const {
    const auto& [between, link] = config().cables[index];
    const std::string place = fmt::format("topology.cables[{}]", index);
    if (between.size() != 2 || between[0] == between[1]) {
      throw ScenarioError(place + ".between", "expected the names of two different nodes");
    }
    for (const std::string& name : between) {
      if (by_name.count(name) > 0) continue;
      std::vector<std::string> names;
      for (const auto& [known, id] : by_name) names.push_back(known);
      throw ScenarioError(place + ".between", "no node \"" + name + "\"" + spelling_hint(name, names));
    }
    topology.connect(by_name.at(between[0]), by_name.at(between[1]), resolve(link));
  }

  void check_dimensions(std::size_t hosts) const {
    if (config().dimensions.empty()) return;
    std::int64_t product = 1;
    for (const int extent : config().dimensions) product = std::min<std::int64_t>(product * extent, INT32_MAX);
    if (product == static_cast<std::int64_t>(hosts)) return;
    throw ScenarioError("topology.dimensions", fmt::format("[{}] multiply to {}, but there are {} hosts; use [{}]",
                                                           fmt::join(config().dimensions, ", "), product, hosts, hosts));
  }
};

const bool registered = TopologyBuilder::registry().add<Graph>("graph", "nodes and cables written out in JSON");

}  // namespace
}  // namespace orrery::net
