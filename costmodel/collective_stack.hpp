// The coefficients of a collective library (NCCL of some version, or an inference engine's own kernels) on one
// generation of GPUs: what software adds to the datasheet's wires. All are physical and bounded, so that a fit can move
// them; the defaults are those of NCCL 2.2x, pooled over A100, H100 and B200 (docs/collective-costs.md).
#pragma once

#include <cstdint>

#include "sim/base/fields.hpp"
#include "sim/base/units.hpp"

namespace orrery::cost {

/// NCCL's wire protocols. LL sends 4 bytes of data with 4 of flag, LL128 120 with 8, Simple whole buffers with a fence:
/// in this order a step takes longer and data gets more of the link.
enum class WireProtocol : std::uint8_t { ll, ll128, simple };

struct CollectiveStack {
  Seconds launch{6.9e-6};        ///< start of the kernel on all ranks
  Seconds hop{1.15e-6};          ///< one LL step to a neighbour in the domain
  double ll128_slowness = 1.0;   ///< an LL128 step in LL steps
  double simple_slowness = 1.5;  ///< a Simple step in LL steps
  double ll_efficiency = 0.2;    ///< share of the link's bandwidth that data gets
  double ll128_efficiency = 0.56;
  double simple_efficiency = 0.84;
  Seconds simple_start{4.2e-6};       ///< Simple needs a first whole buffer before anything arrives
  double pipelining = 0.47;           ///< cross term of segmented pipelines: 0 none, 1 segments of the best size
  double own_copy = 0.47;             ///< cost of a rank's own part (local copy) relative to a remote one
  Seconds exchange_hop{0.26e-6};      ///< all-to-all: one further peer
  double exchange_efficiency = 0.8;   ///< all-to-all: share of the link
  Seconds switch_start{12e-6};        ///< in-network reduction: set-up and synchronisation
  double switch_efficiency = 0.62;    ///< in-network reduction: share of the link
  double network_transits = 3.7;      ///< one hop between nodes, in one-way latencies of the network
  double network_pipelining = 1.0;    ///< cross term between nodes, where messages are cut for the network
  double network_efficiency = 0.92;   ///< share of the adapters' bandwidth
  double network_growth = 0.02;       ///< further time per byte for each doubling of the nodes beyond 4
  double direct_efficiency = 0.6;     ///< one-shot and two-shot kernels: share of the link
  Seconds direct_hop{1.5e-6};         ///< one-shot and two-shot kernels: a barrier through peer memory
  Seconds host{1e-7};                 ///< launching from the host takes at least so long
  std::int64_t direct_limit = 0;      ///< one-shot and two-shot kernels up to so many bytes; 0 = none (NCCL)
};
template <class V>
void fields(V& v, CollectiveStack& c) {
  const Limits time{1e-7, 1e-3, false, false}, hop{1e-8, 1e-4, false, false}, share = between(0.002, 1.2);
  v("launch", c.launch, "start of the kernel on all ranks", time);
  v("hop", c.hop, "protocol LL: one step to a neighbour in the domain", hop);
  v("ll128_slowness", c.ll128_slowness, "a step of protocol LL128, in LL steps", between(1, 10));
  v("simple_slowness", c.simple_slowness, "a step of protocol Simple, in LL steps", between(1, 40));
  v("ll_efficiency", c.ll_efficiency, "protocol LL: share of the link that data gets", between(0.002, 0.5));
  v("ll128_efficiency", c.ll128_efficiency, "protocol LL128: share of the link", share);
  v("simple_efficiency", c.simple_efficiency, "protocol Simple: share of the link", share);
  v("simple_start", c.simple_start, "first whole buffer of protocol Simple", time);
  v("pipelining", c.pipelining, "cross term of segmented pipelines", between(1e-3, 1));
  v("own_copy", c.own_copy, "cost of a rank's own part relative to a remote one", between(0.01, 2));
  v("exchange_hop", c.exchange_hop, "all-to-all: one further peer", hop);
  v("exchange_efficiency", c.exchange_efficiency, "all-to-all: share of the link", share);
  v("switch_start", c.switch_start, "in-network reduction: set-up", time);
  v("switch_efficiency", c.switch_efficiency, "in-network reduction: share of the link", share);
  v("network_transits", c.network_transits, "a hop between nodes, in one-way latencies", between(0.5, 30));
  v("network_pipelining", c.network_pipelining, "cross term between nodes", between(1e-3, 4));
  v("network_efficiency", c.network_efficiency, "share of the adapters' bandwidth", share);
  v("network_growth", c.network_growth, "further time per byte for each doubling beyond 4 nodes", between(1e-4, 4));
  v("direct_efficiency", c.direct_efficiency, "one-shot and two-shot kernels: share of the link", share);
  v("direct_hop", c.direct_hop, "one-shot and two-shot kernels: a barrier", time);
  v("host", c.host, "launching from the host takes at least so long", Limits{1e-8, 1e-3, false, false});
  v("direct_limit", c.direct_limit, "one-shot and two-shot kernels up to so many bytes; 0 = none", at_least(0));
}

/// Share of a packet that is data on the network between nodes; the rest are flags. Within a domain the fitted efficiency
/// holds it already.
constexpr double network_data_share(WireProtocol p) {
  switch (p) {
    case WireProtocol::ll: return 0.5;
    case WireProtocol::ll128: return 120.0 / 128.0;
    case WireProtocol::simple: break;
  }
  return 1.0;
}

/// One step within the domain, and the share of the link that data gets.
struct ProtocolCost {
  Seconds hop;
  double efficiency;
};
inline ProtocolCost protocol_cost(const CollectiveStack& s, WireProtocol p) {
  switch (p) {
    case WireProtocol::ll: return {s.hop, s.ll_efficiency};
    case WireProtocol::ll128: return {s.hop * s.ll128_slowness, s.ll128_efficiency};
    case WireProtocol::simple: break;
  }
  return {s.hop * s.simple_slowness, s.simple_efficiency};
}

}  // namespace orrery::cost
