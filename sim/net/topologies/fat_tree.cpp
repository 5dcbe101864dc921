// A fat-tree of switches with k ports (Al-Fares et al., SIGCOMM 2008): k pods of k/2 edge switches with k/2 hosts each,
// k/2 aggregation switches a pod, (k/2)^2 core switches; k^3/4 hosts with full bisection bandwidth. With oversubscription
// o an edge switch has k/2 hosts but only k/(2o) cables upwards, so that every layer above has 1/o of the switches: the
// cables keep their speed, there are fewer of them.
#include <fmt/format.h>

#include "sim/base/error.hpp"
#include "sim/net/link_config.hpp"
#include "sim/net/topology_builder.hpp"

namespace orrery::net {
namespace {

struct FatTreeConfig {
  int k = 8;
  int oversubscription = 1;
  LinkConfig link{"ib_ndr", {}, {}};
};
template <class V>
void fields(V& v, FatTreeConfig& c) {
  v("k", c.k, "ports of a switch, even; k^3/4 hosts", between(2, 64));
  v("oversubscription", c.oversubscription, "cables to hosts per cable upwards of an edge switch; divides k/2",
    between(1, 32));
  v("link", c.link, "every cable");
}

class FatTree final : public Configured<TopologyBuilder, FatTree, FatTreeConfig> {
 public:
  Topology build() const override {
    check();
    const int k = config().k, half = k / 2, uplinks = half / config().oversubscription;
    const LinkSpec spec = resolve(config().link);
    Topology topology;
    std::vector<NodeId> core;  // group j of `half` switches joins the aggregation switches j of all pods
    for (int i = 0; i < uplinks * half; ++i) core.push_back(topology.add_switch(fmt::format("core {}", i)));
    for (int pod = 0; pod < k; ++pod) {
      std::vector<NodeId> aggregation;
      for (int j = 0; j < uplinks; ++j) {
        aggregation.push_back(topology.add_switch(fmt::format("aggregation {}.{}", pod, j)));
        for (int i = 0; i < half; ++i) {
          topology.connect(aggregation.back(), core[static_cast<std::size_t>(j * half + i)], spec);
        }
      }
      for (int e = 0; e < half; ++e) {
        const NodeId edge = topology.add_switch(fmt::format("edge {}.{}", pod, e));
        for (const NodeId above : aggregation) topology.connect(edge, above, spec);
        for (int i = 0; i < half; ++i) {
          topology.connect(topology.add_host(fmt::format("host {}", topology.hosts().size())), edge, spec);
        }
      }
    }
    topology.set_dimensions({half, half * k});
    return topology;
  }

  void resize(int hosts) override {
    const int step = 2 * config().oversubscription;
    config().k = step;
    while (std::int64_t{config().k} * config().k * config().k / 4 < hosts) config().k += step;
  }

 private:
  void check() const {
    const int k = config().k, o = config().oversubscription;
    if (k % 2 != 0) throw ScenarioError("topology.k", fmt::format("k={} is odd; use {} or {}", k, k - 1, k + 1));
    if (k / 2 % o == 0) return;
    int next = o;
    while (k / 2 % next != 0) --next;
    throw ScenarioError("topology.oversubscription",
                        fmt::format("oversubscription={} does not divide k/2={}; use {}", o, k / 2, next));
  }
};

const bool registered =
    TopologyBuilder::registry().add<FatTree>("fat_tree", "k-ary fat-tree of switches, with oversubscription");

}  // namespace
}  // namespace orrery::net
