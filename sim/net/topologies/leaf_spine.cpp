// Two layers of switches (a folded Clos): hosts on leaves, a cable from each leaf to each spine. A leaf is oversubscribed
// by hosts_per_leaf * link / (spines * uplink).
#include <fmt/format.h>

#include "sim/net/link_config.hpp"
#include "sim/net/topology_builder.hpp"

namespace orrery::net {
namespace {

struct LeafSpineConfig {
  int leaves = 4, hosts_per_leaf = 8, spines = 8;
  LinkConfig link{"roce_400", {}, {}}, uplink{"roce_400", {}, {}};
};
template <class V>
void fields(V& v, LeafSpineConfig& c) {
  v("leaves", c.leaves, "switches with hosts", between(1, 4096));
  v("hosts_per_leaf", c.hosts_per_leaf, "hosts on each leaf", between(1, 4096));
  v("spines", c.spines, "switches above, each with one cable to each leaf", between(1, 1024));
  v("link", c.link, "cable between host and leaf");
  v("uplink", c.uplink, "cable between leaf and spine");
}

class LeafSpine final : public Configured<TopologyBuilder, LeafSpine, LeafSpineConfig> {
 public:
  Topology build() const override {
    check_host_count(std::int64_t{config().leaves} * config().hosts_per_leaf, "topology.leaves");
    const LinkSpec link = resolve(config().link), uplink = resolve(config().uplink);
    Topology topology;
    std::vector<NodeId> spines;
    for (int i = 0; i < config().spines; ++i) spines.push_back(topology.add_switch(fmt::format("spine {}", i)));
    for (int i = 0; i < config().leaves; ++i) {
      const NodeId leaf = topology.add_switch(fmt::format("leaf {}", i));
      for (const NodeId spine : spines) topology.connect(leaf, spine, uplink);
      for (int j = 0; j < config().hosts_per_leaf; ++j) {
        topology.connect(topology.add_host(fmt::format("host {}", topology.hosts().size())), leaf, link);
      }
    }
    topology.set_dimensions({config().hosts_per_leaf, config().leaves});
    return topology;
  }
  void resize(int hosts) override { config().leaves = (hosts + config().hosts_per_leaf - 1) / config().hosts_per_leaf; }
};

const bool registered = TopologyBuilder::registry().add<LeafSpine>("leaf_spine", "two layers of switches (folded Clos)");

}  // namespace
}  // namespace orrery::net
