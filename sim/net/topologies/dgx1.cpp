// DGX-1 (NVIDIA, 2016 and 2017): eight GPUs in a hybrid cube mesh over NVLink, two quads in which all are neighbours and
// a cable from each GPU to its counterpart in the other quad; besides, two GPUs on each of four PCIe switches, two
// switches on each of two CPUs, QPI between the CPUs. GPUs do not forward, so GPUs that are no neighbours meet over PCIe
// and, from quad to quad, QPI. Source: NVIDIA DGX-1 with Tesla V100 system architecture, whitepaper WP-08437, 2017.
// With several nodes, switch s of each node has a NIC with a cable to rail s.
#include <fmt/format.h>

#include <array>

#include "sim/net/link_config.hpp"
#include "sim/net/topology_builder.hpp"

namespace orrery::net {
namespace {

struct Dgx1Config {
  int nodes = 1;
  bool double_links = true;
  LinkConfig nvlink{"nvlink2_link", {}, {}}, pcie{"pcie3_x16", {}, {}}, qpi{"qpi_9_6", {}, {}}, nic{"ib_edr", {}, {}};
};
template <class V>
void fields(V& v, Dgx1Config& c) {
  v("nodes", c.nodes, "machines of 8 GPUs", between(1, 1024));
  v("double_links", c.double_links,
    "two of the four neighbours over two links each, six links a GPU (V100); false: one each, four links a GPU (P100)");
  v("nvlink", c.nvlink, "one NVLink");
  v("pcie", c.pcie, "cable between GPU and PCIe switch, and between switch and CPU");
  v("qpi", c.qpi, "one of the two links between the CPUs");
  v("nic", c.nic, "cable from a PCIe switch to its rail; with one node there is none");
}

struct Edge {
  int a, b;
  bool twice;  // in a V100 system
};
// Within quads 0..3 and 4..7, then across.
constexpr std::array<Edge, 16> kCubeMesh{{{0, 1, false}, {0, 2, false}, {0, 3, true},  {1, 2, true},
                                          {1, 3, false}, {2, 3, true},  {4, 5, false}, {4, 6, false},
                                          {4, 7, true},  {5, 6, true},  {5, 7, false}, {6, 7, true},
                                          {0, 4, true},  {1, 5, true},  {2, 6, false}, {3, 7, false}}};

class Dgx1 final : public Configured<TopologyBuilder, Dgx1, Dgx1Config> {
 public:
  Topology build() const override {
    Topology topology;
    std::vector<NodeId> rails;
    for (int s = 0; config().nodes > 1 && s < 4; ++s) rails.push_back(topology.add_switch(fmt::format("rail {}", s)));
    for (int node = 0; node < config().nodes; ++node) {
      add_node(topology, rails, config().nodes > 1 ? fmt::format("node {} ", node) : "");
    }
    topology.set_dimensions({8, config().nodes});
    return topology;
  }
  void resize(int hosts) override { config().nodes = (hosts + 7) / 8; }

 private:
  void add_node(Topology& topology, const std::vector<NodeId>& rails, const std::string& prefix) const {
    const LinkSpec pcie = resolve(config().pcie), qpi = resolve(config().qpi);
    const std::array<NodeId, 2> cpus{topology.add_switch(prefix + "cpu 0"), topology.add_switch(prefix + "cpu 1")};
    for (int i = 0; i < 2; ++i) topology.connect(cpus[0], cpus[1], qpi);
    std::vector<NodeId> gpus;
    for (std::size_t s = 0; s < 4; ++s) {
      const NodeId plx = topology.add_switch(fmt::format("{}pcie switch {}", prefix, s));
      topology.connect(plx, cpus[s / 2], pcie);
      if (!rails.empty()) topology.connect(plx, rails[s], resolve(config().nic));
      for (int i = 0; i < 2; ++i) {
        gpus.push_back(topology.add_host(fmt::format("{}gpu {}", prefix, gpus.size())));
        topology.connect(gpus.back(), plx, pcie);
      }
    }
    for (const Edge& edge : kCubeMesh) {
      LinkSpec nvlink = resolve(config().nvlink);
      if (edge.twice && config().double_links) nvlink.bandwidth *= 2.0;  // the hardware stripes over both
      topology.connect(gpus[static_cast<std::size_t>(edge.a)], gpus[static_cast<std::size_t>(edge.b)], nvlink);
    }
  }
};

const bool registered = TopologyBuilder::registry().add<Dgx1>(
    "dgx1", "8 GPUs in a hybrid cube mesh over NVLink, with PCIe switches, two CPUs and QPI");

}  // namespace
}  // namespace orrery::net
