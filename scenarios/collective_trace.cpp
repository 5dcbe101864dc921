#include "scenarios/collective_trace.hpp"

#include <fmt/format.h>

#include "sim/base/unit_text.hpp"
#include "sim/observe/chrome_trace.hpp"

namespace orrery::scenario {

void CollectiveTrace::add(const net::Topology& topology, const CollectiveCaseReport& c,
                          const collective::PlanTiming& timing, const std::vector<LinkRecord::Change>& changes) {
  if (!trace_.enabled()) return;
  const std::string title =
      fmt::format("{} {}", c.algorithm, human(Bytes(static_cast<double>(c.size_bytes))));
  for (std::size_t rank = 0; rank < timing.rank_time.size(); ++rank) {
    const TrackId track = trace_.track(title, fmt::format("rank {}", rank));
    trace_.span(track, c.algorithm, SimTime{}, SimTime{} + timing.rank_time[rank]);
  }
  for (const LinkRecord::Change& change : changes) {
    trace_.sample(trace_.counter(title, topology.link_name(change.link)), change.moment, change.load);
  }
}

std::string CollectiveTrace::text() const {
  return observe::chrome_trace(trace_);
}

}  // namespace orrery::scenario
