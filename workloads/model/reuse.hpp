// How far apart a step's uses of its data are: this decides from which cache level an operator reads, and
// with it how fast it runs inside a training step, as opposed to alone in a loop.
#pragma once

#include <span>
#include <vector>

#include "workloads/model/graph.hpp"

namespace orrery::model {

/// A part of the memory that a node uses: all of it was last touched by the same earlier node.
struct Reuse {
  Bytes bytes;     ///< how much
  Bytes distance;  ///< bytes of other memory touched since (LRU stack distance, Mattson et al. 1970)
  Seconds age;     ///< time since the end of that earlier node
};

/// For each node the parts of its operands, in the steady state of a step that is repeated for ever and in
/// which node i takes `durations[i]` (with whatever the rank waits for behind it). Windows into the flat
/// buffers are the same memory as the buffers themselves; of a table only the looked-up rows count.
///
/// A byte is touched on average in the middle of a node. From the middle of the earlier node A to the middle
/// of this node B pass F_A / 2 + others + F_B / 2 bytes, with the footprints F of both and what the nodes in
/// between touch of other memory; where B only repeats itself, F_B. The distance is what exceeds that: others
/// + (F_A - F_B) / 2, or 0.
std::vector<std::vector<Reuse>> data_reuse(const ModelGraph& graph, std::span<const Seconds> durations);

}  // namespace orrery::model
