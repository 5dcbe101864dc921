// Every registered topology, with its defaults and in many sizes, keeps the promises that routing, flows, collectives
// and the command line rely on.
#include <catch2/catch.hpp>
#include <numeric>
#include <set>

#include "sim/base/error.hpp"
#include "sim/base/json_io.hpp"
#include "sim/net/link_config.hpp"
#include "sim/net/network_config.hpp"
#include "sim/net/routing.hpp"
#include "tests/sim/net/reference_network.hpp"

using namespace orrery;
using net::LinkId;
using net::NodeId;
using net::Topology;

namespace {

std::vector<std::string> kinds() {
  std::vector<std::string> result;
  for (const NameAndHelp& entry : net::TopologyBuilder::registry().names()) result.push_back(entry.name);
  return result;
}

/// The kind with at least `hosts` hosts, or nothing where it does not grow so far.
std::optional<Topology> of_size(const std::string& kind, int hosts) {
  net::NetworkConfig config;
  config.topology.select(kind);
  try {
    net::resize(config, hosts);
  } catch (const ScenarioError&) {
    return std::nullopt;
  }
  return net::build(config);
}

void check_names(const Topology& topology) {
  std::set<std::string> nodes;
  for (const net::Node& node : topology.nodes()) nodes.insert(node.name);
  CHECK(nodes.size() == topology.nodes().size());
  const std::size_t stride = 1 + topology.links().size() / 400;  // the names of large networks follow one rule
  for (std::size_t i = 0; i < topology.links().size(); i += stride) {
    const LinkId id{static_cast<std::int32_t>(i)};
    const net::Link& link = topology.links()[i];
    const bool found = topology.find_link(topology.link_name(id)) == id;
    const bool sound = link.bandwidth.value() > 0.0 && link.latency.value() >= 0.0 &&
                       topology.link(link.opposite).opposite == id && topology.link(link.opposite).to == link.from;
    if (!found || !sound) FAIL_CHECK(topology.link_name(id));
  }
}

/// Routes of all pairs lead from the one to the other in the fewest links, through forwarding nodes only.
void check_routes(const Topology& topology) {
  net::Router router(topology), again(topology);
  for (const NodeId from : topology.hosts()) {
    const std::vector<int> distance = net_test::distances_from(topology, from);
    for (const NodeId to : topology.hosts()) {
      const auto route = router.route(from, to);
      bool sound = static_cast<int>(route.size()) == distance[to.index()];
      NodeId at = from;
      for (const LinkId link : route) {
        sound = sound && topology.link(link).from == at &&
                (at == from || topology.node(at).role != net::NodeRole::host);
        at = topology.link(link).to;
      }
      const auto same = again.route(from, to);
      sound = sound && at == to && std::equal(route.begin(), route.end(), same.begin(), same.end());
      if (!sound) FAIL_CHECK(topology.node(from).name + " to " + topology.node(to).name);
    }
  }
}

}  // namespace

TEST_CASE("the twelve topologies of the documentation and the explicit graph are registered") {
  CHECK(kinds() == std::vector<std::string>{"dgx1", "dragonfly", "fat_tree", "fully_connected", "graph", "leaf_spine",
                                            "nvswitch_node", "pcie_tree", "rail_pod", "ring", "single_switch",
                                            "torus_2d", "torus_3d"});
}

TEST_CASE("every topology with its defaults is connected and routed by shortest ways") {
  for (const std::string& kind : kinds()) {
    DYNAMIC_SECTION(kind) {
      net::NetworkConfig config;
      config.topology.select(kind);
      const Topology topology = net::build(config);
      check_names(topology);
      check_routes(topology);
    }
  }
}

TEST_CASE("every topology resized to 2 to 65 hosts has enough of them, on a grid, and all pairs are routed") {
  for (const std::string& kind : kinds()) {
    DYNAMIC_SECTION(kind) {
      for (const int hosts : {1, 2, 3, 4, 5, 7, 8, 9, 13, 16, 17, 31, 33, 64, 65}) {
        const auto topology = of_size(kind, hosts);
        if (!topology) {
          CHECK(kind == "graph");
          continue;
        }
        CAPTURE(hosts);
        CHECK(topology->hosts().size() >= static_cast<std::size_t>(hosts));
        CHECK(topology->hosts().size() <= 8 * static_cast<std::size_t>(hosts) + 8);
        const std::vector<int>& grid = topology->dimensions();
        const int product = std::accumulate(grid.begin(), grid.end(), 1, std::multiplies<>());
        CHECK((grid.empty() || static_cast<std::size_t>(product) == topology->hosts().size()));
        check_names(*topology);
        check_routes(*topology);
      }
    }
  }
}

TEST_CASE("a topology written as JSON and read again is the same network") {
  for (const std::string& kind : kinds()) {
    DYNAMIC_SECTION(kind) {
      net::NetworkConfig config, back;
      config.topology.select(kind);
      read_json({"", "", write_json(config), {}}, back);
      CHECK(write_json(back) == write_json(config));
      CHECK(net::build(back).links().size() == net::build(config).links().size());
    }
  }
}
