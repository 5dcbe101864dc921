// A three-dimensional torus of hosts, as in TPU v4 pods (Jouppi et al., ISCA 2023) and Blue Gene. x runs fastest: host i
// stands at (i % x, i / x % y, i / (x y)).
#include "sim/net/link_config.hpp"
#include "sim/net/topology_builder.hpp"
#include "sim/net/torus.hpp"

namespace orrery::net {
namespace {

struct Torus3dConfig {
  int x = 4, y = 4, z = 4;
  LinkConfig link{"tpu_v4_ici", {}, {}};
};
template <class V>
void fields(V& v, Torus3dConfig& c) {
  v("x", c.x, "hosts in a row", between(1, 65536));
  v("y", c.y, "rows in a plane", between(1, 65536));
  v("z", c.z, "planes", between(1, 65536));
  v("link", c.link, "cable between neighbours");
}

class Torus3d final : public Configured<TopologyBuilder, Torus3d, Torus3dConfig> {
 public:
  Topology build() const override {
    check_host_count(std::int64_t{config().x} * config().y, "topology.y");
    check_host_count(std::int64_t{config().x} * config().y * config().z, "topology.z");
    return torus({config().x, config().y, config().z}, resolve(config().link));
  }
  void resize(int hosts) override {
    const std::vector<int> extents = torus_extents(hosts, 3);
    config().x = extents[0];
    config().y = extents[1];
    config().z = extents[2];
  }
};

const bool registered =
    TopologyBuilder::registry().add<Torus3d>("torus_3d", "hosts on a grid closed in all three directions");

}  // namespace
}  // namespace orrery::net
