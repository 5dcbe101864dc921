// Hosts in a circle, each with a cable to the next: the network of ring collectives and the smallest one in which
// messages pass through other hosts. Two hosts have one cable.
#include "sim/net/link_config.hpp"
#include "sim/net/topology_builder.hpp"
#include "sim/net/torus.hpp"

namespace orrery::net {
namespace {

struct RingConfig {
  int hosts = 8;
  LinkConfig link;
};
template <class V>
void fields(V& v, RingConfig& c) {
  v("hosts", c.hosts, "hosts in the circle; they pass traffic on", between(1, 65536));
  v("link", c.link, "cable between neighbours");
}

class Ring final : public Configured<TopologyBuilder, Ring, RingConfig> {
 public:
  Topology build() const override { return torus({config().hosts}, resolve(config().link)); }
  void resize(int hosts) override { config().hosts = hosts; }
};

const bool registered = TopologyBuilder::registry().add<Ring>("ring", "hosts in a circle");

}  // namespace
}  // namespace orrery::net
