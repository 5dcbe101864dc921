// From a fabric and a stack to what the simulator's executor needs: for each level of the machine Hockney's alpha (start-up
// of a message), the effective bandwidth of a link and gamma (adding up one byte), so that plans walked message by
// message cost what the library's measured coefficients say. Use:
//   const HockneyLevels h = hockney_levels(spec, stack, chunk);
//   EndpointCosts{h.domain.alpha, h.gamma}; link bandwidth = h.domain.bandwidth (already effective), latency 0.
// The start-up depends on the protocol, which the library chooses by the size of a message: `message` is that size.
#pragma once

#include "costmodel/collective_stack.hpp"
#include "costmodel/fabric.hpp"

namespace orrery::cost {

struct HockneyLevel {
  Seconds alpha{0.0};          ///< of one message, wire latency included
  BytesPerSec bandwidth{1.0};  ///< effective, one direction; of one GPU in the domain, of one adapter in the network
  double efficiency = 1.0;     ///< bandwidth over the datasheet's
};

struct HockneyLevels {
  Seconds launch{0.0};  ///< once per collective
  HockneyLevel domain;
  HockneyLevel network;
  SecondsPerByte gamma{0.0};  ///< beyond what the bandwidth already holds: reductions are fused into the copy, so 0
};

/// The protocol with the least alpha + message / bandwidth on each level. REQUIRES: message >= 0.
HockneyLevels hockney_levels(const FabricSpec& spec, const CollectiveStack& stack, Bytes message);

}  // namespace orrery::cost
