// Failed and degraded links as scenario input.
#include "sim/net/network_config.hpp"

#include <catch2/catch.hpp>

#include "sim/base/error.hpp"
#include "sim/base/json_io.hpp"
#include "sim/net/routing.hpp"

using namespace orrery;
using namespace orrery::literals;
using Catch::Contains;

namespace {

net::NetworkConfig network(const std::string& json) {
  net::NetworkConfig config;
  read_json(parse_json(json, "net.json"), config);
  return config;
}

BytesPerSec bandwidth(const net::Topology& topology, const std::string& link) {
  const net::LinkId id = topology.find_link(link);
  REQUIRE(id.valid());
  return topology.link(id).bandwidth;
}

}  // namespace

TEST_CASE("a degraded cable is slower in both directions, or in one of them when the fault says so") {
  const auto slow = network(R"({"topology": {"kind": "single_switch", "link": {"bandwidth": "8 GB/s"}}, "faults": [
    {"link": "host 1 -> switch", "bandwidth_factor": 0.5},
    {"link": "switch -> host 2", "bandwidth_factor": 0.25, "one_way": true}]})");
  const net::Topology topology = net::build(slow);
  CHECK(bandwidth(topology, "host 1 -> switch") == 4_GBps);
  CHECK(bandwidth(topology, "switch -> host 1") == 4_GBps);
  CHECK(bandwidth(topology, "switch -> host 2") == 2_GBps);
  CHECK(bandwidth(topology, "host 2 -> switch") == 8_GBps);
  CHECK(bandwidth(topology, "host 3 -> switch") == 8_GBps);
}

TEST_CASE("a failed cable is avoided, and a network that falls apart is refused with the names of two hosts") {
  const auto cut = network(R"({"topology": {"kind": "single_switch", "hosts": 3}, "faults": [
    {"link": "switch -> host 2", "failed": true, "one_way": true}]})");
  CHECK_THROWS_AS(net::Router(net::build(cut)), ScenarioError);
  CHECK_THROWS_WITH(net::Router(net::build(cut)), Contains("to \"host 2\": the network is not connected"));
}

TEST_CASE("a fault names a link that exists and says one thing about it") {
  const std::string topology = R"({"topology": {"kind": "single_switch"}, "faults": [)";
  const auto message = [&](const std::string& fault) {
    try {
      net::build(network(topology + fault + "]}"));
    } catch (const ScenarioError& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  CHECK_THAT(message(R"({"link": "host 1 -> swich", "failed": true})"),
             Contains("faults[0].link: no link \"host 1 -> swich\"; did you mean \"host 1 -> switch\"?"));
  CHECK_THAT(message(R"({"link": "spine", "failed": true})"), Contains("there are host 0 -> switch, "));
  CHECK_THAT(message(R"({"link": "host 1 -> switch"})"), Contains("faults[0]: expected either"));
  CHECK_THAT(message(R"({"link": "host 1 -> switch", "failed": true, "bandwidth_factor": 2})"),
             Contains("expected either"));
  CHECK_THAT(message(R"({"link": "host 1 -> switch", "bandwidth_factor": 0})"), Contains("more than 0"));
}

TEST_CASE("a size that the builder's limits forbid is refused with the field, the value and the limits") {
  net::NetworkConfig config;
  config.topology->resize(0);
  CHECK_THROWS_AS(net::build(config), ScenarioError);
  CHECK_THROWS_WITH(net::build(config), Contains("topology.hosts: 0 is out of range; expected between 1 and 65536"));
  CHECK_THROWS_WITH(net::resize(config, 0), "ranks: 0 is out of range; expected at least 1");
  CHECK_THROWS_WITH(net::resize(config, 70000), "ranks: 70000 hosts are too many; expected at most 65536");
  CHECK_THROWS_WITH(network(R"({"topology": {"kind": "single_switch", "link": {"bandwidth": "0 GB/s"}}})"),
                    Contains("bandwidth") && Contains("more than 0"));
}
