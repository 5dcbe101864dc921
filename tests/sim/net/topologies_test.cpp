// What each builder is known for: published counts, bisections and neighbourhoods.
#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <set>

#include "sim/base/error.hpp"
#include "sim/base/json_io.hpp"
#include "sim/net/link_config.hpp"
#include "sim/net/network_config.hpp"
#include "sim/net/routing.hpp"
#include "sim/net/torus.hpp"
#include "tests/sim/net/reference_network.hpp"

using namespace orrery;
using namespace orrery::literals;
using Catch::Contains;
using net::LinkId;
using net::NodeId;
using net::Topology;

namespace {

Topology network(const std::string& topology) {
  net::NetworkConfig config;
  read_json(parse_json("{\"topology\": " + topology + "}", "net.json"), config);
  return net::build(config);
}

std::string refusal(const std::string& topology) {
  try {
    net::Router router(network(topology));
  } catch (const ScenarioError& error) {
    return error.what();
  }
  return "accepted";
}

std::size_t switches(const Topology& topology) { return topology.nodes().size() - topology.hosts().size(); }

Json oracle(const std::string& id) {
  std::ifstream file(ORRERY_SOURCE_DIR "/tests/oracles/topologies.json");
  return Json::parse(file).at(id);
}

/// "gpu 0 -> pcie switch 0 -> cpu 0": the nodes of a route.
std::string way(const Topology& topology, const std::string& from, const std::string& to) {
  net::Router router(topology);
  std::string text = from;
  for (const LinkId link : router.route(topology.find_node(from), topology.find_node(to))) {
    text += " -> " + topology.node(topology.link(link).to).name;
  }
  return text;
}

}  // namespace

// Oracle C11.fat_tree.k8: hosts k^3/4, switches 5k^2/4, bisection k^3/8 links.
TEST_CASE("a fat-tree of switches with k ports has k^3/4 hosts, 5k^2/4 switches and k^3/8 cables across its middle") {
  const Json c11 = oracle("C11.fat_tree.k8");
  const Topology topology = network("{\"kind\": \"fat_tree\", \"k\": " + c11["inputs"]["k"].dump() + "}");
  CHECK(topology.hosts().size() == c11["expected"]["hosts"].get<std::size_t>());
  CHECK(switches(topology) == c11["expected"]["switches"].get<std::size_t>());
  CHECK(net_test::cables_between_halves(topology, [](std::size_t i) { return i < 64; }) ==
        c11["expected"]["bisection_links"].get<int>());
  // Full bisection means: for any halves, here every second host.
  CHECK(net_test::cables_between_halves(topology, [](std::size_t i) { return i % 2 == 0; }) == 64);
}

TEST_CASE("oversubscription o leaves 1/o of a fat-tree's bisection and none of its hosts out") {
  for (const int o : {1, 2, 4}) {
    const Topology topology =
        network("{\"kind\": \"fat_tree\", \"k\": 8, \"oversubscription\": " + std::to_string(o) + "}");
    CHECK(topology.hosts().size() == 128);
    CHECK(net_test::cables_between_halves(topology, [](std::size_t i) { return i < 64; }) == 64 / o);
  }
}

// Oracle C11.torus.bisection.4x4x4: 2 k^(d-1) links (even k).
TEST_CASE("a torus of k^d hosts has 2 k^(d-1) cables across its middle") {
  const Json c11 = oracle("C11.torus.bisection.4x4x4");
  const Topology cube = network(R"({"kind": "torus_3d", "x": 4, "y": 4, "z": 4})");
  CHECK(c11["inputs"] == Json({{"k", 4}, {"d", 3}}));
  CHECK(net_test::cables_between_halves(cube, [](std::size_t i) { return i < 32; }) == c11["expected"].get<int>());
  const Topology square = network(R"({"kind": "torus_2d", "x": 6, "y": 6})");
  CHECK(net_test::cables_between_halves(square, [](std::size_t i) { return i % 6 < 3; }) == 2 * 6);
  const Topology ring = network(R"({"kind": "ring", "hosts": 9})");
  CHECK(net_test::cables_between_halves(ring, [](std::size_t i) { return i < 4; }) == 2);
}

TEST_CASE("host i of a torus stands at (i mod x, i / x mod y, i / xy), and routes take the shorter way round") {
  const Topology topology = network(R"({"kind": "torus_3d", "x": 5, "y": 4, "z": 3})");
  CHECK(topology.dimensions() == std::vector<int>{5, 4, 3});
  CHECK(topology.node(topology.hosts()[5 * 4 * 2 + 5 * 3 + 1]).name == "host 1,3,2");
  net::Router router(topology);
  // Distance in a torus: the sum over the dimensions of min(d, k - d).
  CHECK(router.route(topology.find_node("host 0,0,0"), topology.find_node("host 4,2,2")).size() == 1 + 2 + 1);
}

TEST_CASE("an extent of two has one cable between its hosts, an extent of one none") {
  CHECK(network(R"({"kind": "torus_2d", "x": 2, "y": 2})").links().size() == 2 * 4);
  CHECK(network(R"({"kind": "torus_2d", "x": 3, "y": 1})").links().size() == 2 * 3);
  CHECK(network(R"({"kind": "ring", "hosts": 1})").links().empty());
}

TEST_CASE("a torus is resized to few hosts in even extents") {
  CHECK(net::torus_extents(8, 2) == std::vector<int>{4, 2});
  CHECK(net::torus_extents(7, 2) == std::vector<int>{4, 2});
  CHECK(net::torus_extents(64, 3) == std::vector<int>{4, 4, 4});
  CHECK(net::torus_extents(1024, 3) == std::vector<int>{16, 8, 8});
  CHECK(net::torus_extents(4096, 2) == std::vector<int>{64, 64});
  CHECK(net::torus_extents(1, 3) == std::vector<int>{1, 1, 1});
}

TEST_CASE("in a DGX-1 every GPU has four NVLink neighbours, six links with V100 and four with P100") {
  for (const bool v100 : {true, false}) {
    const Topology topology = network(std::string("{\"kind\": \"dgx1\", \"double_links\": ") + (v100 ? "true}" : "false}"));
    REQUIRE(topology.hosts().size() == 8);
    std::map<std::string, std::set<std::string>> neighbours;
    std::map<std::string, double> links;
    for (const net::Link& link : topology.links()) {
      const std::string from = topology.node(link.from).name, to = topology.node(link.to).name;
      if (from.substr(0, 3) != "gpu" || to.substr(0, 3) != "gpu") continue;
      neighbours[from].insert(to);
      links[from] += link.bandwidth / 25_GBps;
    }
    for (const auto& [gpu, others] : neighbours) {
      CHECK(others.size() == 4);
      CHECK(links[gpu] == (v100 ? 6.0 : 4.0));
    }
    CHECK(neighbours["gpu 0"] == std::set<std::string>{"gpu 1", "gpu 2", "gpu 3", "gpu 4"});
    CHECK(neighbours["gpu 6"] == std::set<std::string>{"gpu 2", "gpu 4", "gpu 5", "gpu 7"});
  }
}

TEST_CASE("GPUs of a DGX-1 that are no neighbours meet over PCIe and QPI, because GPUs do not forward") {
  const Topology topology = network(R"({"kind": "dgx1"})");
  CHECK(way(topology, "gpu 0", "gpu 4") == "gpu 0 -> gpu 4");
  CHECK(way(topology, "gpu 0", "gpu 5") == "gpu 0 -> pcie switch 0 -> cpu 0 -> cpu 1 -> pcie switch 2 -> gpu 5");
  CHECK(way(topology, "gpu 3", "gpu 6") == "gpu 3 -> pcie switch 1 -> cpu 0 -> cpu 1 -> pcie switch 3 -> gpu 6");
}

TEST_CASE("GPUs of two DGX-1 meet over the NICs of their PCIe switches") {
  const Topology topology = network(R"({"kind": "dgx1", "nodes": 2})");
  CHECK(topology.dimensions() == std::vector<int>{8, 2});
  CHECK(way(topology, "node 0 gpu 5", "node 1 gpu 4") ==
        "node 0 gpu 5 -> node 0 pcie switch 2 -> rail 2 -> node 1 pcie switch 2 -> node 1 gpu 4");
}

TEST_CASE("in a rail pod equal GPUs meet on their rail's leaf, others over a spine, GPUs of a node on the NVSwitch") {
  const Topology topology = network(R"({"kind": "rail_pod", "nodes": 5, "gpus_per_node": 4, "nodes_per_leaf": 2})");
  CHECK(topology.hosts().size() == 20);
  CHECK(topology.dimensions() == std::vector<int>{4, 5});
  CHECK(way(topology, "gpu 0.3", "gpu 0.1") == "gpu 0.3 -> nvswitch 0 -> gpu 0.1");
  CHECK(way(topology, "gpu 0.3", "gpu 1.3") == "gpu 0.3 -> leaf 0.3 -> gpu 1.3");
  CHECK_THAT(way(topology, "gpu 0.3", "gpu 1.1"), Contains("leaf 0.3 -> spine ") && Contains(" -> leaf 0.1 -> gpu 1.1"));
  CHECK_THAT(way(topology, "gpu 0.3", "gpu 4.3"), Contains("leaf 0.3 -> spine ") && Contains(" -> leaf 2.3 -> gpu 4.3"));
}

TEST_CASE("a balanced dragonfly joins a h + 1 groups and no two hosts are more than three router cables apart") {
  const Topology topology = network(R"({"kind": "dragonfly"})");
  CHECK(topology.hosts().size() == 72);
  net::Router router(topology);
  std::size_t longest = 0;
  for (const NodeId from : topology.hosts()) {
    for (const NodeId to : topology.hosts()) longest = std::max(longest, router.route(from, to).size());
  }
  CHECK(longest == 2 + 3);  // two host cables; local, global, local
  std::map<NodeId, int> global_ends;
  for (const net::Link& link : topology.links()) {
    const std::string from = topology.node(link.from).name, to = topology.node(link.to).name;
    const auto group = [](const std::string& name) { return name.substr(0, name.find('.')); };
    if (from[0] == 'r' && to[0] == 'r' && group(from) != group(to)) ++global_ends[link.from];
  }
  CHECK(global_ends.size() == 36);
  for (const auto& [router_id, ends] : global_ends) CHECK(ends == 2);
}

TEST_CASE("the NVSwitch of a node reduces in the network when it can") {
  const Topology h100 = network(R"({"kind": "nvswitch_node"})");
  CHECK(h100.node(h100.reducer()).name == "nvswitch");
  CHECK_FALSE(network(R"({"kind": "nvswitch_node", "sharp": false})").reducer().valid());
}

TEST_CASE("an explicit graph is built as written, parallel cables included") {
  const Topology topology = network(R"({"kind": "graph",
    "nodes": [{"name": "a"}, {"name": "s", "role": "switching"}, {"name": "b"}],
    "cables": [{"between": ["a", "s"], "link": {"bandwidth": "10 GB/s", "latency": "2 us"}},
               {"between": ["a", "s"], "link": {"preset": "ib_ndr"}}, {"between": ["s", "b"]}]})");
  CHECK(topology.dimensions() == std::vector<int>{2});
  CHECK(topology.link(topology.find_link("a -> s")).bandwidth == 10_GBps);
  CHECK(topology.link(topology.find_link("s -> a #2")).bandwidth == 50_GBps);
  CHECK(way(topology, "a", "b") == "a -> s -> b");
}

TEST_CASE("what cannot be built is refused with the field, the value and a value that works") {
  CHECK(refusal(R"({"kind": "fat_tree", "k": 5})") == "topology.k: k=5 is odd; use 4 or 6");
  CHECK(refusal(R"({"kind": "fat_tree", "k": 8, "oversubscription": 3})") ==
        "topology.oversubscription: oversubscription=3 does not divide k/2=4; use 2");
  CHECK_THAT(refusal(R"({"kind": "dragonfly", "groups": 10})"), Contains("topology.groups") && Contains("at most 9"));
  CHECK_THAT(refusal(R"({"kind": "torus_3d", "x": 4096, "y": 4096, "z": 4096})"), Contains("at most 65536"));
  CHECK_THAT(refusal(R"({"kind": "ring", "hosts": 0})"), Contains("hosts") && Contains("between 1 and 65536"));
  CHECK_THAT(refusal(R"({"kind": "ring", "link": {"preset": "ib_nrd"}})"), Contains("did you mean \"ib_ndr\"?"));
  const auto graph = [](const std::string& nodes, const std::string& cables) {
    return refusal("{\"kind\": \"graph\", \"nodes\": [" + nodes + "], \"cables\": [" + cables + "]}");
  };
  const std::string ab = R"({"name": "a"}, {"name": "b"})";
  CHECK_THAT(graph(ab, ""), Contains("no way from \"b\" to \"a\": the network is not connected"));
  CHECK_THAT(graph(ab, R"({"between": ["a", "c"]})"), Contains("topology.cables[0].between: no node \"c\""));
  CHECK_THAT(graph(ab, R"({"between": ["a", "a"]})"), Contains("two different nodes"));
  CHECK_THAT(graph(ab + R"(, {"name": "a"})", ""), Contains("topology.nodes[2].name: a second node \"a\""));
  CHECK_THAT(graph(R"({"name": "a -> b"})", ""), Contains("is no name"));
  CHECK_THAT(graph(R"({"name": "s", "role": "switching"})", ""), Contains("no host"));
  CHECK_THAT(refusal(R"({"kind": "graph", "nodes": [{"name": "a"}], "cables": [], "dimensions": [2]})"),
             Contains("multiply to 2, but there are 1 hosts"));
}

TEST_CASE("the link table has the course's rows and each row has a source") {
  std::map<std::string, net::LinkSpec> rows;
  for (const net::LinkPreset& row : net::link_presets()) {
    CHECK(rows.emplace(row.name, row.spec).second);
    CHECK(row.spec.bandwidth.value() > 0.0);
    CHECK_FALSE(row.source.empty());
  }
  CHECK(rows.at("classroom_10gige").bandwidth == 1.25_GBps);
  CHECK(rows.at("classroom_10gige").latency == 4_us);
  CHECK(rows.at("classroom_40gige").bandwidth == 5_GBps);
  CHECK(rows.at("classroom_40gige").latency == 4_us);
  CHECK(rows.at("classroom_ib_edr").bandwidth == 12.5_GBps);
  CHECK(rows.at("classroom_ib_edr").latency == 1_us);
  CHECK(rows.at("classroom_nvlink").bandwidth == 50_GBps);
  CHECK(rows.at("classroom_nvlink").latency == 0.2_us);
  CHECK(rows.at("nvlink4").bandwidth == 450_GBps);
  CHECK(rows.at("pcie4_x16").bandwidth.value() == Approx(31.508e9).epsilon(1e-4));
}
