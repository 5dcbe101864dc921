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
  const ProtocolCost* const protocols[] = {&stack.ll, &stack.ll128, &stack.simple};
  for (const ProtocolCost* protocol : protocols) {
    const bool first = protocol == &stack.ll;
    cheapest({protocol->hop, link * protocol->efficiency, protocol->efficiency}, result.domain, first);
    // Half or a sixteenth of a packet is flags on the network too; what is left is the library's own share.
    const double data = protocol == &stack.ll ? 0.5 : protocol == &stack.ll128 ? 0.9375 : 1.0;
    const double share = data * stack.network_efficiency;
    cheapest({protocol->hop + spec.network.latency * stack.network_transits, adapter * share, share},
             result.network, first);
  }
  return result;
}

}  // namespace orrery::cost
