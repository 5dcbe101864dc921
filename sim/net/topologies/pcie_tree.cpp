// GPUs without NVLink: PCIe switches under CPUs, the CPUs joined with each other. The usual inexpensive server (A40, L40S),
// whose traffic between GPUs of different CPUs passes the inter-socket link.
#include <fmt/format.h>

#include "sim/net/link_config.hpp"
#include "sim/net/topology_builder.hpp"

namespace orrery::net {
namespace {

struct PcieTreeConfig {
  int cpus = 2, switches_per_cpu = 2, gpus_per_switch = 2;
  LinkConfig pcie{"pcie4_x16", {}, {}}, socket{"xgmi_18", {}, {}};
};
template <class V>
void fields(V& v, PcieTreeConfig& c) {
  v("cpus", c.cpus, "CPUs (root complexes), each two joined", between(1, 8));
  v("switches_per_cpu", c.switches_per_cpu, "PCIe switches under a CPU", between(1, 1024));
  v("gpus_per_switch", c.gpus_per_switch, "GPUs on a PCIe switch", between(1, 16));
  v("pcie", c.pcie, "cable between GPU and switch, and between switch and CPU");
  v("socket", c.socket, "link between two CPUs");
}

class PcieTree final : public Configured<TopologyBuilder, PcieTree, PcieTreeConfig> {
 public:
  Topology build() const override {
    check_host_count(std::int64_t{config().cpus} * config().switches_per_cpu * config().gpus_per_switch,
                     "topology.switches_per_cpu");
    const LinkSpec pcie = resolve(config().pcie), socket = resolve(config().socket);
    Topology topology;
    std::vector<NodeId> cpus;
    for (int c = 0; c < config().cpus; ++c) {
      const NodeId cpu = topology.add_switch(fmt::format("cpu {}", c));
      for (const NodeId other : cpus) topology.connect(other, cpu, socket);
      cpus.push_back(cpu);
      for (int s = 0; s < config().switches_per_cpu; ++s) {
        const NodeId pcie_switch = topology.add_switch(fmt::format("pcie switch {}.{}", c, s));
        topology.connect(pcie_switch, cpu, pcie);
        for (int i = 0; i < config().gpus_per_switch; ++i) {
          topology.connect(topology.add_host(fmt::format("gpu {}", topology.hosts().size())), pcie_switch, pcie);
        }
      }
    }
    topology.set_dimensions({config().switches_per_cpu * config().gpus_per_switch, config().cpus});
    return topology;
  }
  void resize(int hosts) override {
    const int row = config().cpus * config().gpus_per_switch;
    config().switches_per_cpu = (hosts + row - 1) / row;
  }
};

const bool registered = TopologyBuilder::registry().add<PcieTree>("pcie_tree", "GPUs on PCIe switches under joined CPUs");

}  // namespace
}  // namespace orrery::net
