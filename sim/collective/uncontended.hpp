// The time of a plan where no link is shared: a walk over the plan's dependencies with start-up + latency + bytes /
// bandwidth for each message, no event in sight, and then the proof that this was right: on no link two messages were
// on the wire at once (half-open intervals of integer nanoseconds).
#pragma once

#include <optional>
#include <span>

#include "sim/collective/executor.hpp"

namespace orrery::collective {

/// Nothing where some link carries two messages at once, or where messages are eager.
std::optional<PlanTiming> time_uncontended(const Plan& plan, net::Router& router, std::span<const net::NodeId> nodes,
                                           const EndpointCosts& costs);

}  // namespace orrery::collective
