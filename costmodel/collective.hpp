// A collective operation over a group of ranks, as it is measured and estimated: kind, size, group.
#pragma once

#include <compare>
#include <string>
#include <vector>

#include "sim/base/collective_kind.hpp"
#include "sim/base/units.hpp"

namespace orrery::cost {

using orrery::busbw_factor;
using orrery::collective_kind;
using orrery::collective_names;
using orrery::CollectiveKind;
using orrery::name;

/// `bytes` is S of the nccl-tests convention: the size of one rank's buffer (all-gather and reduce-scatter:
/// the total). Barrier has 0 bytes. point_to_point is one message from rank 0 to rank 1 (half a ping-pong).
struct CollectiveCase {
  CollectiveKind kind = CollectiveKind::all_reduce;
  Bytes bytes{0.0};
  int ranks = 2;
  auto operator<=>(const CollectiveCase&) const = default;
};

/// The kinds that a communicator runs, so that calibration can time them.
std::vector<std::string> measured_collective_names();

}  // namespace orrery::cost
