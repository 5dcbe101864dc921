// The two halves of the ring all-reduce ("bucket" algorithm), for one group or for many side by side: shared by the
// ring itself and by the layered algorithms that run rings along dimensions.
#pragma once

#include "sim/collective/group.hpp"

namespace orrery::collective {

/// P-1 steps from `step` on; in step s member r sends block r + shift - s to its right neighbour, which adds it. At
/// the end member r holds the sum of block r + shift + 1. Returns the step after the last.
int ring_reduce_scatter(Channel& channel, const Group& group, int step, int shift);
/// P-1 steps; in step s member r, who starts with block r + shift, sends block r + shift - s to its right neighbour.
int ring_all_gather(Channel& channel, const Group& group, int step, int shift);

}  // namespace orrery::collective
