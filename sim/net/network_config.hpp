// The network part of a scenario: a topology by kind and what is broken in it. This is what scenarios embed and the
// command line changes; `build` turns it into the plain Topology that routing, flows and collectives work on.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/base/registered.hpp"
#include "sim/net/topology_builder.hpp"

namespace orrery::net {

struct LinkFault {
  std::string link;
  std::optional<double> bandwidth_factor;
  bool failed = false;
  bool one_way = false;
};
template <class V>
void fields(V& v, LinkFault& c) {
  v("link", c.link, "name of the link, for example \"host 0 -> switch\"; \" #2\" behind it is the second such cable",
    required());
  v("bandwidth_factor", c.bandwidth_factor, "share of the bandwidth that is left, for example 0.25", more_than(0));
  v("failed", c.failed, "the link carries nothing; routes avoid it");
  v("one_way", c.one_way, "only this direction, not the whole cable");
}

struct NetworkConfig {
  Registered<TopologyBuilder> topology{"single_switch"};
  std::vector<LinkFault> faults;
};
template <class V>
void fields(V& v, NetworkConfig& c) {
  v("topology", c.topology, "what is wired to what (orrery list topologies)");
  v("faults", c.faults, "cables that are slow or dead");
}

/// Builds the topology and applies the faults in order. Throws ScenarioError when a field is out of its limits (as
/// resize can leave it), when a link is unknown (with the nearest name) or a fault says nothing or two things.
Topology build(const NetworkConfig& config);

/// TopologyBuilder::resize for a number of hosts that a user gave: throws ScenarioError unless it is 1 to 65,536.
void resize(NetworkConfig& config, int hosts);

}  // namespace orrery::net
