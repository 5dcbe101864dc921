// One node of GPUs on NVSwitches, as a DGX A100, H100, B200 or an NVL72 rack. The switches of a node are one here: each
// GPU spreads its traffic over all of them, so that the sum of its links is what limits. From NVLink 4 on they reduce and
// multicast (NVLink SHARP).
#include <fmt/format.h>

#include "sim/net/link_config.hpp"
#include "sim/net/topology_builder.hpp"

namespace orrery::net {
namespace {

struct NvswitchNodeConfig {
  int gpus = 8;
  LinkConfig nvlink{"nvlink4", {}, {}};
  bool sharp = true;
};
template <class V>
void fields(V& v, NvswitchNodeConfig& c) {
  v("gpus", c.gpus, "GPUs on the switch", between(1, 576));
  v("nvlink", c.nvlink, "all links of one GPU to the switches together; their latency counts twice between two GPUs");
  v("sharp", c.sharp, "the switch reduces and multicasts in the network (NVLink 4 and later)");
}

class NvswitchNode final : public Configured<TopologyBuilder, NvswitchNode, NvswitchNodeConfig> {
 public:
  Topology build() const override {
    Topology topology;
    const NodeId nvswitch = topology.add_switch("nvswitch");
    const LinkSpec nvlink = resolve(config().nvlink);
    for (int i = 0; i < config().gpus; ++i) topology.connect(topology.add_host(fmt::format("gpu {}", i)), nvswitch, nvlink);
    topology.set_dimensions({config().gpus});
    if (config().sharp) topology.set_reducer(nvswitch);
    return topology;
  }
  void resize(int hosts) override { config().gpus = hosts; }
};

const bool registered =
    TopologyBuilder::registry().add<NvswitchNode>("nvswitch_node", "GPUs of one node on NVSwitches (DGX A100, H100, B200)");

}  // namespace
}  // namespace orrery::net
