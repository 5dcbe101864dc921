// A collective as data: who sends which part of the buffer to whom, in which step, and whether it is copied or added.
// Algorithms (algorithm.hpp) return plans; the symbolic checker proves them, the simulator times them over a flow
// network, and the reference system executes them over MPI: all three read the same object.
//
// Participants are numbered 0 .. ranks-1 (the ranks that own data) and ranks .. ranks+helpers-1 (parameter servers, or
// the switch that reduces in the network). Each has a working buffer of `layout.slots()` slots.
//
// Meaning of a channel. Its transfers are grouped by `step`. A participant goes through the steps in which it takes
// part in order. In a step it starts all its sends and receives together, waits for all of them, then applies what it
// received in the order of the list (copy over the target slots, or add to them), then goes on to its next step. What a
// step sends is the buffer's state before the step. A message starts when both ends have reached its step. All
// transfers of one (step, from, to) travel as one message; from == to is a local copy without one, which takes no
// time. A message may be empty (its slots hold no element): it still meets its receiver. Source and target slots of a
// transfer have equal sizes, one by one. In a step a slot is the target of any number of additions or of one copy.
// Channels run at the same time and touch disjoint slots. They are independent of each other, but for one thing: a
// participant may have to begin one only when it has got through the first steps of another (Channel::after), so that the
// pieces of a buffer follow each other through the phases of a plan.
//
// Buffers at the start and at the end, by kind; B = slots / ranks where blocks are named:
//   all_reduce        every rank: its own addends in all slots -> the sums over all ranks in all slots
//   reduce_scatter    the same start -> rank r: the sums in block r (slots r*B .. r*B+B-1); the rest is scratch
//   all_gather        rank r: its data in block r -> every rank: all blocks
//   broadcast         the root: data in all slots -> every rank: that data
//   reduce            every rank: addends in all slots -> the root: the sums
//   all_to_all        slots = 2 * ranks * B; rank r: what goes to rank j in input block j (the first half) -> what came
//                     from rank i in output block i (the second half). A block has elements / ranks
//                     elements, rounded up
//   point_to_point    rank 0: data -> rank 1: that data (there may be more ranks, which do nothing)
//   barrier           0 elements -> every rank has heard, directly or through others, from every rank (here alone an
//                     addend may arrive more than once)
//   neighbor_average  every rank: its addends -> rank i: the sum of those of i-1, i and i+1 around the ring (for two
//                     ranks the sum of both); the division is the caller's
// Helpers start with zeros.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/collective_kind.hpp"
#include "sim/base/error.hpp"

namespace orrery::collective {

enum class Combine : std::uint8_t { copy, add };

struct Transfer {
  std::int32_t step = 0;
  std::int32_t from = 0, to = 0;      ///< participants
  std::int32_t source = 0, target = 0;  ///< first slot at `from` and at `to`
  std::int32_t slots = 1;             ///< so many contiguous slots
  Combine combine = Combine::copy;
};

/// How a buffer of elements is cut into slots: evenly (slot i holds elements [i*n/k, (i+1)*n/k) of the whole), or, for
/// the all-to-all with unequal parts, by a table per participant.
class SlotLayout {
 public:
  SlotLayout() = default;
  /// REQUIRES: elements >= 0, slots >= 1.
  static SlotLayout even(std::int64_t elements, int slots);
  /// All-to-all-v: `counts[i * ranks + j]` elements go from rank i to rank j; one slot per block, 2 * ranks slots.
  static SlotLayout all_to_all(std::vector<std::int64_t> counts, int ranks);
  /// All-to-all with equal parts: `elements` per rank over all destinations, in `ranks` blocks of equal size (rounded
  /// up), each cut evenly into `slots_per_block` slots; input half, then output half.
  static SlotLayout all_to_all_even(std::int64_t elements, int ranks, int slots_per_block = 1);

  int slots() const { return slots_; }
  /// First element of the slot in this participant's buffer; `slot == slots()` gives the buffer's length.
  std::int64_t offset(int participant, int slot) const;
  std::int64_t elements(int participant, int first_slot, int slots) const {
    return offset(participant, first_slot + slots) - offset(participant, first_slot);
  }

 private:
  std::int64_t block_ = 0;   // elements of one block
  std::int64_t quotient_ = 0, remainder_ = 0;  // of block_ by slots_per_block_
  int slots_per_block_ = 1;  // one block alone unless all-to-all
  int slots_ = 1;
  int ranks_ = 0;
  std::vector<std::int64_t> offsets_;  // per participant slots + 1 numbers; empty when even
};

/// What the participants behind the ranks are.
enum class HelperRole : std::uint8_t {
  server,   ///< a process on a host of its own: starts messages and adds up as ranks do
  reducer,  ///< the switch that reduces: adds at line rate, sends without software start-up
};

/// A plan and its simulation stay below 2 GiB of memory with so many transfers: a ring's or two-shot's all-reduce on 2,048
/// ranks.
inline constexpr std::int64_t kTransfersMax = std::int64_t{1} << 23;

/// The request is too large for this algorithm: its plan would have more than kTransfersMax transfers.
class TooManyTransfers : public ScenarioError {
 public:
  TooManyTransfers();
};
/// Throws TooManyTransfers.
void check_transfers(std::int64_t count);

struct Channel {
  std::vector<Transfer> transfers;  ///< sorted by step, then from, then to
  int steps = 0;
  /// A participant begins this channel when it has left its steps below `after_step` of channel `after`, which stands
  /// before this one; -1: at once.
  int after = -1, after_step = 0;

  /// For algorithms: throws TooManyTransfers before a plan takes too much memory.
  void add(const Transfer& transfer) {
    check_transfers(static_cast<std::int64_t>(transfers.size()) + 1);
    transfers.push_back(transfer);
  }
};

struct Plan {
  CollectiveKind kind = CollectiveKind::all_reduce;
  std::string algorithm;
  int ranks = 0;
  int helpers = 0;
  HelperRole helper_role = HelperRole::server;
  int root = 0;
  SlotLayout layout;
  std::vector<Channel> channels;

  int participants() const { return ranks + helpers; }
};

/// Sorts the transfers by step, from, to (stable) and counts the steps.
void finish(Channel& channel);

/// Elements of all messages that the participant sends (or receives); local copies do not count.
std::int64_t elements_sent(const Plan& plan, int participant);
std::int64_t elements_received(const Plan& plan, int participant);

}  // namespace orrery::collective
