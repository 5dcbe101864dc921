#include "costmodel/fabric_model.hpp"

#include <algorithm>
#include <cmath>

#include "sim/base/error.hpp"

namespace orrery::cost {
namespace {

constexpr const char* kProtocolNames[] = {"LL", "LL128", "Simple"};

/// Everything that an algorithm needs of one case, worked out once.
struct Setting {
  const FabricSpec& spec;
  const CollectiveStack& stack;
  CollectiveKind kind;
  double bytes;
  double local;  ///< ranks per domain
  double nodes;  ///< domains
  double all;    ///< ranks
  double link;   ///< B/s of one GPU
  double adapters;  ///< B/s of the adapters that a domain's ranks use

  ProtocolCost protocol(int p) const { return protocol_cost(stack, static_cast<WireProtocol>(p)); }
  /// LL128 counts on stores of 128 bytes arriving whole and in order: not every transport keeps them so.
  bool offers(int p) const { return p != 1 || nodes <= 1.0 || spec.network.keeps_order; }
  double start(int p) const { return stack.launch.value() + (p == 2 ? stack.simple_start.value() : 0.0); }
  double network_hop() const { return spec.network.latency.value() * stack.network_transits; }
  /// B/s that data gets of the adapters; many nodes meet on the way and slow each other down.
  double network(int p) const {
    const double doublings = std::max(0.0, std::log2(nodes / 4.0));
    return adapters * stack.network_efficiency * network_data_share(static_cast<WireProtocol>(p)) /
           (1.0 + stack.network_growth * doublings);
  }
  double combined(double a, double b) const {
    const double cut = nodes > 1.0 ? stack.network_pipelining : stack.pipelining;
    return a + b + 2.0 * cut * std::sqrt(a * b);
  }
};

/// What one level carries, and how long that takes at the share of its bandwidth that data gets.
struct Load {
  FabricLevel level;
  double bytes;
  double seconds;
};
Load slower(const Load& a, const Load& b) {
  return b.seconds > a.seconds ? b : a;
}

class Cheapest {
 public:
  void offer(double seconds, double start, const Load& load, const char* algorithm, const char* protocol) {
    if (best_.algorithm[0] != '\0' && seconds >= best_.seconds) return;
    best_ = {seconds, algorithm, protocol, start, load.level, Bytes(load.bytes)};
  }
  FabricTime best() const { return best_; }

 private:
  FabricTime best_;
};

/// Ring over all ranks: each of `steps` steps sends S/n to the neighbour; one boundary in `local` is between domains.
void offer_ring(const Setting& s, Cheapest& cheapest) {
  const double passes = s.kind == CollectiveKind::all_reduce ? 2.0 : 1.0;
  const double steps = passes * (s.all - 1.0);
  const double crossings = s.nodes > 1.0 ? passes * (s.nodes - 1.0) : 0.0;
  const bool scatters = s.kind == CollectiveKind::all_reduce || s.kind == CollectiveKind::reduce_scatter ||
                        s.kind == CollectiveKind::all_gather;
  const double sent = scatters ? s.bytes * steps / s.all : s.bytes;
  const double own = scatters ? s.bytes * s.stack.own_copy / s.all : 0.0;
  for (int p = 0; p < 3; ++p) {
    if (!s.offers(p)) continue;
    const double a = s.start(p) + steps * s.protocol(p).hop.value() + crossings * s.network_hop();
    Load load{FabricLevel::domain, sent, (sent + own) / (s.link * s.protocol(p).efficiency)};
    if (s.nodes > 1.0) load = slower(load, {FabricLevel::network, sent, sent / s.network(p)});
    cheapest.offer(s.combined(a, load.seconds), a, load, "ring", kProtocolNames[p]);
  }
}

/// Double binary tree between domains, a chain within each (Sanders, Speck and Traff 2009; NCCL 2.4): every byte goes up
/// and down once.
void offer_tree(const Setting& s, Cheapest& cheapest) {
  const double depth = std::ceil(std::log2(s.nodes));
  const double across = 2.0 * s.bytes * (s.nodes - 1.0) / s.nodes;
  for (int p = 0; p < 3; ++p) {
    if (!s.offers(p)) continue;
    const double a = s.start(p) + 2.0 * (s.local - 1.0) * s.protocol(p).hop.value() +
                     2.0 * depth * (s.protocol(p).hop.value() + s.network_hop());
    const double within = s.local > 1.0 ? 2.0 * s.bytes / (s.link * s.protocol(p).efficiency) : 0.0;
    const Load load = slower({FabricLevel::domain, 2.0 * s.bytes, within},
                             {FabricLevel::network, across, across / s.network(p)});
    cheapest.offer(s.combined(a, load.seconds), a, load, "tree", kProtocolNames[p]);
  }
}

/// The switch adds up: a GPU sends all of its S once and the n-th part of the result (multimem loads and stores).
void offer_switch(const Setting& s, Cheapest& cheapest) {
  const double a = s.stack.launch.value() + s.stack.switch_start.value();
  const double sent = s.bytes * (s.local + 1.0) / s.local;
  const Load within{FabricLevel::domain, sent, sent / (s.link * s.stack.switch_efficiency)};
  if (s.nodes <= 1.0) {
    cheapest.offer(s.combined(a, within.seconds), a, within, "nvls", "Simple");
    return;
  }
  const double depth = std::ceil(std::log2(s.nodes));
  const double across = 2.0 * s.bytes * (s.nodes - 1.0) / s.nodes;
  const Load load = slower(within, {FabricLevel::network, across, across / s.network(2)});
  const double hops = 2.0 * depth * (s.protocol(2).hop.value() + s.network_hop());
  cheapest.offer(s.combined(a + hops, load.seconds), a + hops, load, "nvls_tree", "Simple");
}

/// An inference engine's own kernels: every rank reads all of every peer's buffer (one shot), or its part of each and
/// then the parts (two shots).
void offer_direct(const Setting& s, Cheapest& cheapest) {
  const double rate = s.link * s.stack.direct_efficiency;
  const double hop = s.stack.direct_hop.value();
  const auto offer = [&](double a, double bytes, const char* shots) {
    const Load load{FabricLevel::domain, bytes, bytes / rate};
    cheapest.offer(a + load.seconds, a, load, "direct", shots);
  };
  offer(s.stack.launch.value() + hop, s.bytes * (s.all - 1.0), "one_shot");
  offer(s.stack.launch.value() + 2.0 * hop, 2.0 * s.bytes * (s.all - 1.0) / s.all, "two_shot");
}

/// All-to-all: everybody sends S/n to each peer at the same time; what leaves the domain shares its adapters.
void offer_exchange(const Setting& s, Cheapest& cheapest) {
  const double remote = s.bytes * (s.all - 1.0 + s.stack.own_copy) / s.all;
  for (int p = 0; p < 3; p += 2) {
    const double hop = s.protocol(p).hop.value();
    const double a = s.start(p) + hop + (s.all - 2.0) * s.stack.exchange_hop.value() +
                     (s.nodes > 1.0 ? s.network_hop() : 0.0);
    const double share = p == 2 ? s.stack.exchange_efficiency : s.protocol(p).efficiency;
    Load load{FabricLevel::domain, s.bytes * (s.all - 1.0) / s.all, remote / (s.link * share)};
    if (s.nodes > 1.0) {
      const double across = s.local * s.bytes * (s.nodes - 1.0) / s.nodes;
      load = slower(load, {FabricLevel::network, across, across / s.network(p)});
    }
    cheapest.offer(s.combined(a, load.seconds), a, load, "exchange", kProtocolNames[p]);
  }
}

/// One message between two ranks.
void offer_message(const Setting& s, Cheapest& cheapest) {
  for (int p = 0; p < 3; ++p) {
    if (!s.offers(p)) continue;
    const double a = s.start(p) + s.protocol(p).hop.value() + (s.nodes > 1.0 ? s.network_hop() : 0.0);
    const double rate = s.nodes > 1.0 ? s.network(p) : s.link * s.protocol(p).efficiency;
    const Load load{s.nodes > 1.0 ? FabricLevel::network : FabricLevel::domain, s.bytes, s.bytes / rate};
    cheapest.offer(s.combined(a, load.seconds), a, load, "direct", kProtocolNames[p]);
  }
}

}  // namespace

int domains(const FabricSpec& spec, const FabricCase& c) {
  constexpr int kTrayMost = 8;  // larger NVLink domains span several hosts
  if (c.nodes <= 1) return 1;
  return spec.domain > kTrayMost ? (c.ranks + spec.domain - 1) / spec.domain : c.nodes;
}

BytesPerSec level_bandwidth(const FabricSpec& spec, const FabricCase& c, FabricLevel level) {
  const int nodes = domains(spec, c);
  const int local = (c.ranks + nodes - 1) / nodes;
  if (level == FabricLevel::domain) return domain_bandwidth(spec, local);
  const double used = std::max(static_cast<double>(local) / spec.domain, 1.0 / spec.network.adapters);
  return std::min(1.0, used) * spec.network.bandwidth;
}

FabricTime fabric_time(const FabricSpec& spec, const CollectiveStack& stack, const FabricCase& c) {
  SIM_ASSERT(c.ranks >= 1 && c.nodes >= 1 && c.nodes <= c.ranks && c.bytes.value() >= 0.0,
             "a collective has ranks on nodes and no negative size");
  if (c.ranks == 1) return {};
  const int nodes = domains(spec, c);
  const int local = (c.ranks + nodes - 1) / nodes;
  const Setting s{spec, stack, c.kind, c.bytes.value(), static_cast<double>(local), static_cast<double>(nodes),
                  static_cast<double>(c.ranks), level_bandwidth(spec, c, FabricLevel::domain).value(),
                  level_bandwidth(spec, c, FabricLevel::network).value()};
  Cheapest cheapest;
  if (c.kind == CollectiveKind::all_to_all) {
    offer_exchange(s, cheapest);
  } else if (c.kind == CollectiveKind::point_to_point) {
    offer_message(s, cheapest);
  } else if (c.kind == CollectiveKind::all_reduce && s.bytes <= static_cast<double>(stack.direct_limit)) {
    offer_direct(s, cheapest);
  } else {
    offer_ring(s, cheapest);
    if (c.kind == CollectiveKind::all_reduce) {
      if (nodes > 1) offer_tree(s, cheapest);
      if (spec.in_network_reduction && local > 2) offer_switch(s, cheapest);
    }
  }
  FabricTime best = cheapest.best();
  best.seconds = std::max(best.seconds, stack.host.value());
  return best;
}

}  // namespace orrery::cost
