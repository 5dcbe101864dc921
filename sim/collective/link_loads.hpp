// The part of a timing that both fidelities fill in the same way: the whole time, and the load of each link that
// carried something.
#pragma once

#include <algorithm>

#include "sim/collective/executor.hpp"

namespace orrery::collective {

/// `use_of(LinkId)` gives a net::LinkUse. REQUIRES: rank_time is filled.
template <class UseOf>
void finish_timing(PlanTiming& timing, const net::Topology& topology, UseOf use_of) {
  for (const Seconds time : timing.rank_time) timing.time = std::max(timing.time, time);
  for (std::size_t i = 0; i < topology.links().size(); ++i) {
    const net::LinkId link{static_cast<std::int32_t>(i)};
    const net::LinkUse use = use_of(link);
    if (use.carried.value() == 0.0) continue;
    const Bytes room = topology.link(link).bandwidth * timing.time;
    timing.links.push_back({link, use.carried, use.busy, room.value() > 0.0 ? use.carried / room : 0.0});
  }
}

}  // namespace orrery::collective
