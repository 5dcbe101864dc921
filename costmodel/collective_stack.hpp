// The coefficients of a collective library (NCCL of some version, or an inference engine's own kernels) on one
// generation of GPUs: what software adds to the datasheet's wires. All are physical and bounded, so that a fit can move
// them; the defaults are those of NCCL 2.2x, pooled over A100, H100 and B200 (docs/collective-costs.md).
#pragma once

#include "sim/base/fields.hpp"
#include "sim/base/units.hpp"

namespace orrery::cost {

/// One of NCCL's wire protocols: LL sends 4 bytes of data with 4 of flag, LL128 120 with 8, Simple whole buffers with a
/// fence. `efficiency` is the share of the link's bandwidth that data gets.
struct ProtocolCost {
  Seconds hop{1e-6};
  double efficiency = 0.8;
};
template <class V>
void fields(V& v, ProtocolCost& c) {
  v("hop", c.hop, "one step to a neighbour in the domain", Limits{5e-8, 1e-4, false, false});
  v("efficiency", c.efficiency, "share of the link's bandwidth that data gets", between(0.005, 1.2));
}

struct CollectiveStack {
  Seconds launch{6e-6};        ///< start of the kernel on all ranks
  ProtocolCost ll{Seconds(0.9e-6), 0.2};
  ProtocolCost ll128{Seconds(1.4e-6), 0.6};
  ProtocolCost simple{Seconds(2.5e-6), 0.8};
  Seconds simple_start{8e-6};  ///< Simple needs a first whole buffer before anything arrives
  double pipelining = 0.15;    ///< cross term of segmented pipelines, 0 none, 1 optimal segments of a long chain
  double own_copy = 0.5;       ///< cost of a rank's own part (local copy) relative to a remote one
  Seconds exchange_hop{0.3e-6};      ///< all-to-all: one further peer
  double exchange_efficiency = 0.8;  ///< all-to-all: share of the link
  Seconds switch_start{10e-6};       ///< in-network reduction: set-up and synchronisation
  double switch_efficiency = 0.65;   ///< in-network reduction: share of the link
  double network_transits = 4.0;     ///< one hop between nodes, in one-way latencies of the network
  double network_efficiency = 0.85;  ///< share of the adapters' bandwidth
  double network_growth = 0.02;      ///< further time per byte for each doubling of the nodes beyond 4
  double direct_efficiency = 0.6;    ///< one-shot and two-shot kernels: share of the link
  Seconds direct_hop{1.5e-6};        ///< one-shot and two-shot kernels: a barrier through peer memory
  Seconds host{1e-7};                ///< launching from the host takes at least so long
  std::int64_t direct_limit = 0;     ///< one-shot and two-shot kernels up to so many bytes; 0 = none (NCCL)
};
template <class V>
void fields(V& v, CollectiveStack& c) {
  const Limits time{1e-7, 1e-3, false, false}, share = between(0.02, 1.2);
  v("launch", c.launch, "start of the kernel on all ranks", time);
  v("ll", c.ll, "protocol LL");
  v("ll128", c.ll128, "protocol LL128");
  v("simple", c.simple, "protocol Simple");
  v("simple_start", c.simple_start, "first whole buffer of protocol Simple", time);
  v("pipelining", c.pipelining, "cross term of segmented pipelines", between(1e-3, 1));
  v("own_copy", c.own_copy, "cost of a rank's own part relative to a remote one", between(0.01, 2));
  v("exchange_hop", c.exchange_hop, "all-to-all: one further peer", Limits{1e-8, 1e-4, false, false});
  v("exchange_efficiency", c.exchange_efficiency, "all-to-all: share of the link", share);
  v("switch_start", c.switch_start, "in-network reduction: set-up", time);
  v("switch_efficiency", c.switch_efficiency, "in-network reduction: share of the link", share);
  v("network_transits", c.network_transits, "a hop between nodes, in one-way latencies", between(0.5, 30));
  v("network_efficiency", c.network_efficiency, "share of the adapters' bandwidth", share);
  v("network_growth", c.network_growth, "further time per byte for each doubling beyond 4 nodes", between(1e-4, 4));
  v("direct_efficiency", c.direct_efficiency, "one-shot and two-shot kernels: share of the link", share);
  v("direct_hop", c.direct_hop, "one-shot and two-shot kernels: a barrier", time);
  v("host", c.host, "launching from the host takes at least so long", Limits{1e-8, 1e-3, false, false});
  v("direct_limit", c.direct_limit, "one-shot and two-shot kernels up to so many bytes; 0 = none", at_least(0));
}

}  // namespace orrery::cost
