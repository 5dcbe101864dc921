// What a datasheet says about the wires between GPUs: the NVLink or PCIe domain of a node and the network between the
// domains, with plain numbers (this folder knows nothing of sim/net). Facts by the name of a part carry the source they
// were read from; nothing here is fitted.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/collective_kind.hpp"
#include "sim/base/fields.hpp"
#include "sim/base/units.hpp"

namespace orrery::cost {

/// A collective on a two-level machine: `ranks` spread evenly over `nodes`. `bytes` is S of the nccl-tests convention.
struct FabricCase {
  CollectiveKind kind = CollectiveKind::all_reduce;
  Bytes bytes{0.0};
  int ranks = 2;
  int nodes = 1;
  auto operator<=>(const FabricCase&) const = default;
};

/// How the GPUs of a domain are joined: `switched` gives each pair the full link, `mesh` spreads a GPU's links over its
/// peers, `host` goes through PCIe and the processor's memory.
enum class DomainShape : std::uint8_t { switched, mesh, host };
constexpr auto names_of(DomainShape) {
  return std::array{std::string_view("switched"), std::string_view("mesh"), std::string_view("host")};
}

/// The network between domains. Bandwidth is of one direction and one domain: all its adapters together.
struct NetworkSpec {
  std::string name;
  int adapters = 8;
  BytesPerSec bandwidth{400e9};
  Seconds latency{1.3e-6};  ///< one way, of a small message; `source` says where it is assumed
  bool keeps_order = true;  ///< 128-byte stores arrive whole and in order, so that protocol LL128 can be used
  std::string source;
};
template <class V>
void fields(V& v, NetworkSpec& c) {
  v("name", c.name, "what it is called");
  v("adapters", c.adapters, "network adapters of a node", at_least(1));
  v("bandwidth", c.bandwidth, "of one direction, all adapters of a node together", more_than(0));
  v("latency", c.latency, "one way, of a small message", at_least(0));
  v("keeps_order", c.keeps_order, "128-byte stores arrive whole and in order: protocol LL128 can be used");
  v("source", c.source, "where the numbers are published");
}

struct FabricSpec {
  std::string system;  ///< "h100_sxm"
  DomainShape shape = DomainShape::switched;
  int domain = 8;                           ///< GPUs joined by NVLink (or on one host)
  BytesPerSec link_bandwidth{450e9};        ///< of one GPU, one direction
  bool in_network_reduction = false;        ///< the switch adds up (NVLink SHARP)
  /// Mesh only: bandwidth of the rings that fit among the first 2, 3, ... GPUs; empty = link_bandwidth for any number.
  std::vector<double> ring_bandwidth_gbps;
  NetworkSpec network;
  std::string source;
};
template <class V>
void fields(V& v, FabricSpec& c) {
  v("system", c.system, "GPU and its form", required());
  v("shape", c.shape, "how the GPUs of a domain are joined");
  v("domain", c.domain, "GPUs in the NVLink or PCIe domain", at_least(1));
  v("link_bandwidth", c.link_bandwidth, "of one GPU, one direction", more_than(0));
  v("in_network_reduction", c.in_network_reduction, "the switch adds up what passes through it");
  v("ring_bandwidth_gbps", c.ring_bandwidth_gbps, "mesh: GB/s of the rings among the first 2, 3, ... GPUs", more_than(0));
  v("network", c.network, "between domains");
  v("source", c.source, "where the numbers are published");
}

/// Bandwidth of one GPU in a group of `ranks` of its domain.
BytesPerSec domain_bandwidth(const FabricSpec& spec, int ranks);

/// The known systems. `find_fabric` takes what people write ("H100-80GB-SXM", "h100_dgx", "GH200-120GB"); a form without a
/// row of its own ("H100-PCIe", "H100 NVL") is unknown. Throws ScenarioError with the nearest name.
const std::vector<FabricSpec>& known_fabrics();
const FabricSpec& find_fabric(const std::string& system);
bool is_known_fabric(const std::string& system);
/// The system whose measured stack serves where `system` itself was not measured: the same generation of GPU, whose kernels
/// start and step alike ("h200_sxm" -> "h100_sxm"). The system itself where it stands alone.
std::string measured_sibling(const std::string& system);

/// The known networks, and the one that a text names ("AWS p5.48xlarge 32x100Gb EFA", "Nebius InfiniBand"); where the
/// text does not name a transport the system's usual one is taken. `gbit` is the node's total in Gbit/s, 0 = not stated.
const std::vector<NetworkSpec>& known_networks();
NetworkSpec find_network(const FabricSpec& spec, const std::string& text, double gbit);

}  // namespace orrery::cost
