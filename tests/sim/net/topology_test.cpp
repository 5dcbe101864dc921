#include "sim/net/topology.hpp"

#include <catch2/catch.hpp>

#include "sim/base/error.hpp"
#include "sim/base/json_io.hpp"
#include "sim/net/routing.hpp"
#include "sim/net/topology_builder.hpp"

using namespace orrery;
using namespace orrery::literals;
using net::NodeId;
using net::Topology;

namespace {

struct Described {
  Registered<net::TopologyBuilder> topology{"single_switch"};
};
template <class V>
void fields(V& v, Described& c) {
  v("topology", c.topology, "the network");
}

}  // namespace

TEST_CASE("a host reaches another one over the switch in two links") {
  Registered<net::TopologyBuilder> builder("single_switch");
  builder->resize(5);
  const Topology topology = builder->build();
  net::Router router(topology);
  CHECK(topology.hosts().size() == 5);
  CHECK(topology.links().size() == 10);
  const auto route = router.route(topology.hosts()[1], topology.hosts()[4]);
  REQUIRE(route.size() == 2);
  CHECK(topology.link_name(route[0]) == "host 1 -> switch");
  CHECK(topology.link_name(route[1]) == "switch -> host 4");
  CHECK(net::route_latency(topology, route) == 2_us);
  CHECK(router.route(topology.hosts()[1], topology.hosts()[1]).empty());
}

TEST_CASE("a failed cable makes a host unreachable, and the message names it") {
  Topology topology;
  const NodeId a = topology.add_host("a"), b = topology.add_host("b");
  const net::LinkId cable = topology.connect(a, b, {1_GBps, 1_us});
  CHECK_NOTHROW(net::Router(topology));
  topology.fail(topology.link(cable).opposite);
  CHECK_THROWS_WITH(net::Router(topology), Catch::Contains("\"b\" to \"a\""));
}

TEST_CASE("a topology is read from JSON by its kind, with the nearest name for a wrong one") {
  Described config;
  read_json(parse_json(R"({"topology": {"kind": "single_switch", "hosts": 3, "link": {"preset": "classroom_ib_edr"}}})", "t.json"),
            config);
  const Topology topology = config.topology->build();
  CHECK(topology.hosts().size() == 3);
  CHECK(topology.links()[0].bandwidth == 12.5_GBps);
  CHECK(write_json(config)["topology"]["kind"] == "single_switch");
  CHECK_THROWS_WITH(read_json(parse_json(R"({"topology": {"kind": "single_swich"}})", "t.json"), config),
                    Catch::Contains("single_switch"));
}
