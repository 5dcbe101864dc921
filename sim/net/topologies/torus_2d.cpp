// A two-dimensional torus of hosts: rows and columns closed to rings. The network of 2-D all-reduce (Mikami et al.,
// arXiv 1811.05233, 2018) and of TPU slices. x runs fastest: host i stands at (i % x, i / x).
#include "sim/net/link_config.hpp"
#include "sim/net/topology_builder.hpp"
#include "sim/net/torus.hpp"

namespace orrery::net {
namespace {

struct Torus2dConfig {
  int x = 4, y = 4;
  LinkConfig link{"tpu_v4_ici", {}, {}};
};
template <class V>
void fields(V& v, Torus2dConfig& c) {
  v("x", c.x, "hosts in a row", between(1, 65536));
  v("y", c.y, "rows", between(1, 65536));
  v("link", c.link, "cable between neighbours");
}

class Torus2d final : public Configured<TopologyBuilder, Torus2d, Torus2dConfig> {
 public:
  Topology build() const override {
    check_host_count(std::int64_t{config().x} * config().y, "topology.y");
    return torus({config().x, config().y}, resolve(config().link));
  }
  void resize(int hosts) override {
    const std::vector<int> extents = torus_extents(hosts, 2);
    config().x = extents[0];
    config().y = extents[1];
  }
};

const bool registered = TopologyBuilder::registry().add<Torus2d>("torus_2d", "hosts on a grid closed in both directions");

}  // namespace
}  // namespace orrery::net
