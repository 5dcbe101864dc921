// All hosts on one switch (hub and spoke): each host has one cable to it, the switch itself never limits.
#include <fmt/format.h>

#include "sim/net/link_config.hpp"
#include "sim/net/topology_builder.hpp"

namespace orrery::net {
namespace {

struct SingleSwitchConfig {
  int hosts = 8;
  LinkConfig link;
};
template <class V>
void fields(V& v, SingleSwitchConfig& c) {
  v("hosts", c.hosts, "hosts on the switch", between(1, 65536));
  v("link", c.link, "cable between a host and the switch; its latency counts twice between two hosts");
}

class SingleSwitch final : public Configured<TopologyBuilder, SingleSwitch, SingleSwitchConfig> {
 public:
  Topology build() const override {
    Topology topology;
    const NodeId hub = topology.add_switch("switch");
    const LinkSpec spec = resolve(config().link);
    for (int i = 0; i < config().hosts; ++i) topology.connect(topology.add_host(fmt::format("host {}", i)), hub, spec);
    return topology;
  }
  void resize(int hosts) override { config().hosts = hosts; }
};

const bool registered =
    TopologyBuilder::registry().add<SingleSwitch>("single_switch", "hosts around one switch (hub and spoke)");

}  // namespace
}  // namespace orrery::net
