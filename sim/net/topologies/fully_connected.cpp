// A cable between each two hosts, as eight MI300X in one node; no host passes traffic on.
#include <fmt/format.h>

#include "sim/net/link_config.hpp"
#include "sim/net/topology_builder.hpp"

namespace orrery::net {
namespace {

struct FullyConnectedConfig {
  int hosts = 8;
  LinkConfig link{"infinity_fabric_mi300x", {}, {}};
};
template <class V>
void fields(V& v, FullyConnectedConfig& c) {
  v("hosts", c.hosts, "hosts; n of them have n (n - 1) / 2 cables", between(1, 2048));
  v("link", c.link, "cable between two hosts");
}

class FullyConnected final : public Configured<TopologyBuilder, FullyConnected, FullyConnectedConfig> {
 public:
  Topology build() const override {
    Topology topology;
    const LinkSpec spec = resolve(config().link);
    for (int i = 0; i < config().hosts; ++i) {
      const NodeId host = topology.add_host(fmt::format("host {}", i));
      for (int j = 0; j < i; ++j) topology.connect(topology.hosts()[static_cast<std::size_t>(j)], host, spec);
    }
    return topology;
  }
  void resize(int hosts) override { config().hosts = hosts; }
};

const bool registered =
    TopologyBuilder::registry().add<FullyConnected>("fully_connected", "a cable between each two hosts");

}  // namespace
}  // namespace orrery::net
