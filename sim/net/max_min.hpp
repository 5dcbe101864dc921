// Weighted max-min fair rates by progressive filling: the pure solver, which knows no time. All flows' rates grow in
// proportion to their weights until a link is full; its flows are frozen, the rest goes on. This plain form is the
// oracle of the incremental one (fair_share.hpp). Source: Bertsekas and Gallager, Data Networks, 1992, section 6.5.2.
#pragma once

#include <span>
#include <vector>

#include "sim/base/units.hpp"
#include "sim/net/topology.hpp"

namespace orrery::net {

struct FlowPath {
  std::vector<LinkId> links;  ///< indices into `capacity`, each at most once, at least one
  double weight = 1.0;        ///< > 0
};

/// One rate per flow: feasible, and each flow has a link that is full and on which no flow has more per weight.
std::vector<BytesPerSec> max_min_rates(std::span<const BytesPerSec> capacity, std::span<const FlowPath> flows);

}  // namespace orrery::net
