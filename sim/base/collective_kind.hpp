// The kinds of collective operations, by the field's own names. Shared by what plans and simulates them
// (sim/collective), what estimates them (costmodel) and what measures them (calibrate).
//
// Size convention (nccl-tests): S, the bytes of a collective, is the size of one rank's buffer; for all-gather and
// reduce-scatter the total over the ranks, for all-to-all what one rank holds for all ranks together.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace orrery {

enum class CollectiveKind : std::uint8_t {
  all_reduce,
  reduce_scatter,
  all_gather,
  broadcast,
  point_to_point,  ///< one message from rank 0 to rank 1
  barrier,         ///< S = 0
  reduce,
  all_to_all,
  neighbor_average  ///< gossip on a ring: rank i ends with the sum of i-1, i and i+1
};

constexpr auto names_of(CollectiveKind) {
  return std::array<std::string_view, 9>{"all_reduce", "reduce_scatter", "all_gather", "broadcast",       "point_to_point",
                                         "barrier",    "reduce",         "all_to_all", "neighbor_average"};
}
std::string name(CollectiveKind kind);
/// Throws ScenarioError with the nearest name.
CollectiveKind collective_kind(const std::string& name);
std::vector<std::string> collective_names();
constexpr int kCollectiveKinds = 9;

/// busbw = algbw * factor, algbw = S / time: all-reduce 2(n-1)/n; reduce-scatter, all-gather, all-to-all (n-1)/n;
/// others 1 (oracle C10; NVIDIA's nccl-tests, doc/PERFORMANCE.md).
double busbw_factor(CollectiveKind kind, int ranks);

}  // namespace orrery
