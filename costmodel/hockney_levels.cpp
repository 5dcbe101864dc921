#include "costmodel/hockney_levels.hpp"

#include "sim/base/error.hpp"

namespace orrery::cost {

HockneyLevels hockney_levels(const FabricSpec& spec, const CollectiveStack& stack, Bytes message) {
  SIM_ASSERT(message.value() >= 0.0, "a message has no negative size");
  HockneyLevels result;
  result.launch = stack.launch;
  const BytesPerSec link = domain_bandwidth(spec, spec.domain);
  const BytesPerSec adapter = spec.network.bandwidth / static_cast<double>(spec.network.adapters);
  const auto cheapest = [message](HockneyLevel candidate, HockneyLevel& best, bool first) {
    const auto cost = [message](const HockneyLevel& level) { return level.alpha + message / level.bandwidth; };
    if (first || cost(candidate) < cost(best)) best = candidate;
  };
  for (const WireProtocol protocol : {WireProtocol::ll, WireProtocol::ll128, WireProtocol::simple}) {
    const bool first = protocol == WireProtocol::ll;
    const ProtocolCost cost = protocol_cost(stack, protocol);
    cheapest({cost.hop, link * cost.efficiency, cost.efficiency}, result.domain, first);
    if (protocol == WireProtocol::ll128 && !spec.network.keeps_order) continue;
    const double share = network_data_share(protocol) * stack.network_efficiency;
    cheapest({cost.hop + spec.network.latency * stack.network_transits, adapter * share, share}, result.network,
             first);
  }
  return result;
}

}  // namespace orrery::cost
