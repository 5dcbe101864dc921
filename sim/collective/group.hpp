// Pieces that plans are made of. A Group is some participants with the slots that they work on; flat algorithms work on
// one group of all ranks, layered ones (torus, hierarchical) on many groups side by side, one per row, column or node.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "sim/collective/algorithm.hpp"
#include "sim/collective/plan.hpp"

namespace orrery::collective {

/// Member i is participant `members[i]`; block j is `width` slots from first_slot + j * stride on. Members and blocks
/// are counted modulo size().
struct Group {
  std::vector<int> members;
  int first_slot = 0;
  int stride = 1;
  int width = 1;

  int size() const { return static_cast<int>(members.size()); }
  int wrapped(int i) const { return (i % size() + size()) % size(); }
  int member(int i) const { return members[static_cast<std::size_t>(wrapped(i))]; }
  int slot_of(int block) const { return first_slot + wrapped(block) * stride; }
};

/// All ranks in order, the one of number `first` as member 0.
Group all_ranks(int ranks, int first = 0);

/// Member `from` sends `blocks` blocks from `block` on to the same blocks of member `to`. Blocks that go over the last
/// one go on at the first.
void send(Channel& channel, const Group& group, int step, int from, int to, int block, int blocks, Combine combine);

/// `from` sends all `slots` slots to the same slots of `to`; both are participants.
void send_all(Channel& channel, int step, int from, int to, int slots, Combine combine);

/// A plan of that request with one channel and nothing in it.
Plan empty_plan(const PlanRequest& request, std::string algorithm, int slots);

/// Finishes all channels.
Plan finished(Plan plan);

/// floor and ceiling of log2(n). REQUIRES: n >= 1.
int log2_floor(int n);
int log2_ceil(int n);
inline bool is_power_of_two(int n) { return (n & (n - 1)) == 0; }

/// Into how many pieces a pipelined algorithm cuts a buffer: `configured`, or where that is 0 one for each 65,536
/// elements (so that a piece's time on the wire is about a start-up on today's networks), from 1 to 64.
int piece_count(int configured, std::int64_t elements);
inline constexpr const char* kPiecesHelp = "pieces in the pipeline; 0: one for each 65,536 elements, at most 64";

/// The level of that dimension; flat algorithms use the last one.
inline const Hockney& level_of(std::span<const Hockney> levels, std::size_t dimension) {
  return levels[dimension < levels.size() ? dimension : levels.size() - 1];
}
/// Bytes of the whole buffer.
inline Bytes buffer_of(const PlanRequest& request, Bytes element) {
  return static_cast<double>(request.elements) * element;
}

/// The grid of a request: its dimensions, or all ranks in one.
std::vector<int> grid_of(const PlanRequest& request);

/// "does broadcast, reduce; not all_gather", or nothing when the kind is among those.
std::optional<std::string> refuse_other_kinds(const PlanRequest& request, std::initializer_list<CollectiveKind> kinds);

}  // namespace orrery::collective
