// How far apart a step's uses of its data are: the reuse distance decides from which cache level an operator
// reads, and with it how fast it runs inside a training step, as opposed to alone in a loop.
#pragma once

#include <span>
#include <vector>

#include "workloads/model/graph.hpp"

namespace orrery::model {

/// For each node the bytes touched since its operands were last touched, as the mean over its operands
/// weighted by their bytes (LRU stack distance, Mattson et al. 1970), in the steady state of a step that is
/// repeated for ever. The node's own operands do not count, so a node that repeats the one before it has
/// distance 0. Windows into the flat buffers are the same memory as the buffers themselves; of a table only
/// the looked-up rows count.
std::vector<Bytes> reuse_distances(const ModelGraph& graph);

/// For each node the time since its operands were last touched, as the same mean, when node i takes
/// `durations[i]` (with whatever the rank waits for behind it). Time counts from the end of the node that
/// touched an operand.
std::vector<Seconds> reuse_times(const ModelGraph& graph, std::span<const Seconds> durations);

}  // namespace orrery::model
