// Groups of fully connected routers, joined by long cables so that each two groups have at least one (Kim, Dally, Scott
// and Abts, ISCA 2008). Balanced: routers per group = 2 hosts per router = 2 global cables per router. Routes are
// shortest ones (at most local, global, local); adaptive detours are not modelled.
#include <fmt/format.h>

#include <algorithm>

#include "sim/base/error.hpp"
#include "sim/net/link_config.hpp"
#include "sim/net/topology_builder.hpp"

namespace orrery::net {
namespace {

struct DragonflyConfig {
  int groups = 9, routers_per_group = 4, hosts_per_router = 2, global_cables_per_router = 2;
  LinkConfig link{"slingshot_200", {}, {}}, local{"slingshot_200", {}, {}}, global{"slingshot_200", {}, {}};
};
template <class V>
void fields(V& v, DragonflyConfig& c) {
  v("groups", c.groups, "at most routers_per_group * global_cables_per_router + 1", between(1, 2048));
  v("routers_per_group", c.routers_per_group, "routers of a group, each with a cable to each other", between(1, 128));
  v("hosts_per_router", c.hosts_per_router, "hosts on a router", between(1, 128));
  v("global_cables_per_router", c.global_cables_per_router, "cables of a router to other groups", between(1, 128));
  v("link", c.link, "cable between host and router");
  v("local", c.local, "cable between two routers of a group");
  v("global", c.global, "cable between two groups");
}

class Dragonfly final : public Configured<TopologyBuilder, Dragonfly, DragonflyConfig> {
 public:
  Topology build() const override {
    check();
    const LinkSpec link = resolve(config().link), local = resolve(config().local);
    Topology topology;
    std::vector<NodeId> routers;  // group after group
    for (int group = 0; group < config().groups; ++group) {
      const std::size_t first = routers.size();
      for (int i = 0; i < config().routers_per_group; ++i) {
        const NodeId router = topology.add_switch(fmt::format("router {}.{}", group, i));
        for (std::size_t j = first; j < routers.size(); ++j) topology.connect(routers[j], router, local);
        routers.push_back(router);
        for (int j = 0; j < config().hosts_per_router; ++j) {
          topology.connect(topology.add_host(fmt::format("host {}", topology.hosts().size())), router, link);
        }
      }
    }
    join_groups(topology, routers);
    topology.set_dimensions({config().routers_per_group * config().hosts_per_router, config().groups});
    return topology;
  }

  /// More groups; when they are too many to be joined, a larger balanced dragonfly.
  void resize(int hosts) override {
    const auto groups_needed = [&] {
      const int per_group = config().routers_per_group * config().hosts_per_router;
      return (hosts + per_group - 1) / per_group;
    };
    while (groups_needed() > most_groups()) {
      const int p = std::max(config().hosts_per_router, config().global_cables_per_router) + 1;
      config().hosts_per_router = config().global_cables_per_router = p;
      config().routers_per_group = 2 * p;
    }
    config().groups = groups_needed();
  }

 private:
  int most_groups() const { return config().routers_per_group * config().global_cables_per_router + 1; }

  /// A group's ends of global cables are numbered through its routers; those towards the group that is d + 1 further on
  /// come d-th, each pair of groups having equally many.
  void join_groups(Topology& topology, const std::vector<NodeId>& routers) const {
    const int groups = config().groups, ends = config().global_cables_per_router;
    if (groups == 1) return;
    const LinkSpec global = resolve(config().global);
    const int cables = config().routers_per_group * ends / (groups - 1);
    const auto router = [&](int group, int end) {
      return routers[static_cast<std::size_t>(group * config().routers_per_group + end / ends)];
    };
    for (int a = 0; a < groups; ++a) {
      for (int b = a + 1; b < groups; ++b) {
        for (int i = 0; i < cables; ++i) {
          const int from_a = (b - a - 1) * cables + i, from_b = (groups - (b - a) - 1) * cables + i;
          topology.connect(router(a, from_a), router(b, from_b), global);
        }
      }
    }
  }

  void check() const {
    const std::int64_t per_group = std::int64_t{config().routers_per_group} * config().hosts_per_router;
    check_host_count(per_group * config().groups, "topology.groups");
    if (config().groups <= most_groups()) return;
    throw ScenarioError("topology.groups",
                        fmt::format("groups={} cannot all be joined; routers_per_group={} times "
                                    "global_cables_per_router={} reach {} other groups, so use at most {}",
                                    config().groups, config().routers_per_group, config().global_cables_per_router,
                                    most_groups() - 1, most_groups()));
  }
};

const bool registered =
    TopologyBuilder::registry().add<Dragonfly>("dragonfly", "groups of routers, each two groups joined by a long cable");

}  // namespace
}  // namespace orrery::net
