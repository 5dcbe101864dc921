// Equal-cost multi-path: even over equal ways, the same for the same pair, and never through what does not forward.
#include "sim/net/routing.hpp"

#include <catch2/catch.hpp>
#include <map>

#include "sim/base/error.hpp"
#include "sim/net/network_config.hpp"

using namespace orrery;
using namespace orrery::literals;
using Catch::Contains;
using net::LinkId;
using net::NodeId;
using net::NodeRole;
using net::Topology;

// The pairs of hosts in different pods of a k = 8 fat-tree (112 x 128 of them) choose among 16 core switches. With a
// random choice the number of pairs at a core is binomial: mean 896, standard deviation 29; all 16 within 15 % is 4.6
// standard deviations.
TEST_CASE("pairs of hosts spread evenly over the core switches of a fat-tree") {
  net::NetworkConfig config;
  config.topology.select("fat_tree");
  const Topology topology = net::build(config);
  net::Router router(topology);
  std::map<std::string, int> routes_over;
  for (const NodeId from : topology.hosts()) {
    for (const NodeId to : topology.hosts()) {
      const auto route = router.route(from, to);
      if (route.size() == 6) ++routes_over[topology.node(topology.link(route[2]).to).name];
    }
  }
  REQUIRE(routes_over.size() == 16);
  for (const auto& [core, routes] : routes_over) {
    CAPTURE(core);
    CHECK(routes > 896 * 0.85);
    CHECK(routes < 896 * 1.15);
  }
}

// Eight parallel cables, 240 pairs on either side: mean 30 routes a cable; fewer than 12 or more than 48 is more than 3.3
// standard deviations.
TEST_CASE("pairs of hosts spread over parallel cables") {
  Topology topology;
  const NodeId left = topology.add_switch("left"), right = topology.add_switch("right");
  for (int i = 0; i < 8; ++i) topology.connect(left, right, {1_GBps, 1_us});
  for (int i = 0; i < 32; ++i) {
    topology.connect(topology.add_host("host " + std::to_string(i)), i < 16 ? left : right, {1_GBps, 1_us});
  }
  net::Router router(topology);
  std::map<LinkId, int> routes_over;
  for (std::size_t i = 0; i < 15; ++i) {
    for (std::size_t j = 16; j < 32; ++j) ++routes_over[router.route(topology.hosts()[i], topology.hosts()[j])[1]];
  }
  REQUIRE(routes_over.size() == 8);
  for (const auto& [cable, routes] : routes_over) {
    CHECK(routes > 12);
    CHECK(routes < 48);
  }
}

TEST_CASE("a failed cable shifts its pairs to the ways that are left") {
  net::NetworkConfig config;
  config.topology.select("leaf_spine");
  config.faults.push_back({"leaf 0 -> spine 3", {}, true, false});
  const Topology topology = net::build(config);
  net::Router router(topology);
  for (std::size_t i = 0; i < 8; ++i) {
    const auto route = router.route(topology.hosts()[i], topology.hosts()[31]);
    REQUIRE(route.size() == 4);
    CHECK(topology.link_name(route[1]) != "leaf 0 -> spine 3");
  }
}

TEST_CASE("hosts that do not forward do not join two islands, forwarding ones do") {
  for (const NodeRole middle : {NodeRole::host, NodeRole::forwarding_host}) {
    Topology topology;
    const NodeId a = topology.add_host("a"), b = topology.add_host("b", middle), c = topology.add_host("c");
    topology.connect(a, b, {1_GBps, 1_us});
    topology.connect(b, c, {1_GBps, 1_us});
    if (middle == NodeRole::host) {
      CHECK_THROWS_WITH(net::Router(topology), Contains("no way from ") && Contains("not connected"));
    } else {
      CHECK(net::Router(topology).route(a, c).size() == 2);
    }
  }
}

// Two switches, each reaching every host, but host 2 hears from the first only and host 3 sends to the second only.
TEST_CASE("hosts that share no switch are found even when each switch serves most of them") {
  Topology topology;
  const NodeId s = topology.add_switch("s"), t = topology.add_switch("t");
  std::vector<NodeId> hosts;
  for (int i = 0; i < 4; ++i) hosts.push_back(topology.add_host("host " + std::to_string(i)));
  for (const int i : {0, 1, 2}) topology.connect(hosts[static_cast<std::size_t>(i)], s, {1_GBps, 1_us});
  for (const int i : {0, 1, 3}) topology.connect(hosts[static_cast<std::size_t>(i)], t, {1_GBps, 1_us});
  CHECK_THROWS_WITH(net::Router(topology), "no way from \"host 3\" to \"host 2\": the network is not connected");
  topology.connect(hosts[2], hosts[3], {1_GBps, 1_us});
  net::Router router(topology);
  CHECK(router.route(hosts[3], hosts[2]).size() == 1);
  CHECK(router.route(hosts[0], hosts[3]).size() == 2);
}

TEST_CASE("spans of routes stay valid while more routes are found") {
  net::NetworkConfig config;
  net::resize(config, 200);
  const Topology topology = net::build(config);
  net::Router router(topology);
  const auto first = router.route(topology.hosts()[0], topology.hosts()[1]);
  const std::vector<LinkId> copy(first.begin(), first.end());
  for (const NodeId from : topology.hosts()) {
    for (const NodeId to : topology.hosts()) router.route(from, to);
  }
  CHECK(std::equal(first.begin(), first.end(), copy.begin(), copy.end()));
  CHECK(router.route(topology.hosts()[0], topology.hosts()[1]).data() == first.data());
}
