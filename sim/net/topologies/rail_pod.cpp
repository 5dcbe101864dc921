// A rail-optimised pod of GPU nodes (NVIDIA DGX SuperPOD reference architecture): in the node every GPU has NVLink to an
// NVSwitch; outside, GPU j has its own NIC with a cable to the leaf of rail j, so that GPUs of equal number meet on one
// leaf. A leaf serves `nodes_per_leaf` nodes; with more than one leaf, spines join all of them. GPUs do not forward:
// GPUs of different number in different nodes meet over a spine, unless a collective moves the data over NVLink first.
#include <fmt/format.h>

#include "sim/net/link_config.hpp"
#include "sim/net/topology_builder.hpp"

namespace orrery::net {
namespace {

struct RailPodConfig {
  int nodes = 4, gpus_per_node = 8, nodes_per_leaf = 32, oversubscription = 1;
  LinkConfig nvlink{"nvlink4", {}, {}}, network{"ib_ndr", {}, {}};
};
template <class V>
void fields(V& v, RailPodConfig& c) {
  v("nodes", c.nodes, "nodes", between(1, 8192));
  v("gpus_per_node", c.gpus_per_node, "GPUs of a node, one NIC and one rail each", between(1, 72));
  v("nodes_per_leaf", c.nodes_per_leaf, "nodes that share the leaf of a rail", between(1, 512));
  v("oversubscription", c.oversubscription, "cables to nodes per cable to spines of a leaf", between(1, 512));
  v("nvlink", c.nvlink, "all links of one GPU to the NVSwitches together");
  v("network", c.network, "cable between a GPU's NIC and its leaf, and between leaf and spine");
}

class RailPod final : public Configured<TopologyBuilder, RailPod, RailPodConfig> {
 public:
  Topology build() const override {
    const int nodes = config().nodes, gpus = config().gpus_per_node, per_leaf = config().nodes_per_leaf;
    check_host_count(std::int64_t{nodes} * gpus, "topology.nodes");
    const LinkSpec nvlink = resolve(config().nvlink), network = resolve(config().network);
    Topology topology;
    std::vector<NodeId> leaves;  // of one unit of `per_leaf` nodes after the other, by rail
    for (int unit = 0; unit * per_leaf < nodes; ++unit) {
      for (int rail = 0; rail < gpus; ++rail) leaves.push_back(topology.add_switch(fmt::format("leaf {}.{}", unit, rail)));
    }
    if (leaves.size() > 1) add_spines(topology, leaves, network);
    for (int i = 0; i < nodes; ++i) {
      const NodeId nvswitch = topology.add_switch(fmt::format("nvswitch {}", i));
      for (int j = 0; j < gpus; ++j) {
        const NodeId gpu = topology.add_host(fmt::format("gpu {}.{}", i, j));
        topology.connect(gpu, nvswitch, nvlink);
        topology.connect(gpu, leaves[static_cast<std::size_t>(i / per_leaf * gpus + j)], network);
      }
    }
    topology.set_dimensions({gpus, nodes});
    return topology;
  }
  void resize(int hosts) override { config().nodes = (hosts + config().gpus_per_node - 1) / config().gpus_per_node; }

 private:
  /// As many spines as a full leaf needs cables upwards: one to each.
  void add_spines(Topology& topology, const std::vector<NodeId>& leaves, LinkSpec network) const {
    const int down = std::min(config().nodes, config().nodes_per_leaf);
    const int spines = (down + config().oversubscription - 1) / config().oversubscription;
    for (int i = 0; i < spines; ++i) {
      const NodeId spine = topology.add_switch(fmt::format("spine {}", i));
      for (const NodeId leaf : leaves) topology.connect(leaf, spine, network);
    }
  }
};

const bool registered = TopologyBuilder::registry().add<RailPod>(
    "rail_pod", "GPU nodes with NVSwitch, one NIC per GPU to the leaf of its rail, spines above");

}  // namespace
}  // namespace orrery::net
