// A collective operation over a group of ranks, as it is measured and estimated: kind, size, group.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/units.hpp"

namespace orrery::cost {

enum class CollectiveKind : std::uint8_t {
  all_reduce,
  reduce_scatter,
  all_gather,
  broadcast,
  point_to_point,
  barrier
};

/// `bytes` is S of the nccl-tests convention: the size of one rank's buffer (all-gather and reduce-scatter:
/// the total). Barrier has 0 bytes. point_to_point is one message from rank 0 to rank 1 (half a ping-pong).
struct CollectiveCase {
  CollectiveKind kind = CollectiveKind::all_reduce;
  Bytes bytes{0.0};
  int ranks = 2;
  auto operator<=>(const CollectiveCase&) const = default;
};

std::string name(CollectiveKind kind);
/// Throws ScenarioError with the nearest name.
CollectiveKind collective_kind(const std::string& name);
std::vector<std::string> collective_names();

/// busbw = algbw * factor: all-reduce 2(n-1)/n; reduce-scatter, all-gather (n-1)/n; others 1 (oracle C10).
double busbw_factor(CollectiveKind kind, int ranks);

}  // namespace orrery::cost
