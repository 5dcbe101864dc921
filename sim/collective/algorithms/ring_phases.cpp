#include "sim/collective/algorithms/ring_phases.hpp"

namespace orrery::collective {

namespace {

int ring(Channel& channel, const Group& group, int step, int shift, Combine combine) {
  for (int s = 0; s < group.size() - 1; ++s) {
    for (int r = 0; r < group.size(); ++r) send(channel, group, step + s, r, r + 1, r + shift - s, 1, combine);
  }
  return step + group.size() - 1;
}

}  // namespace

int ring_reduce_scatter(Channel& channel, const Group& group, int step, int shift) {
  return ring(channel, group, step, shift, Combine::add);
}

int ring_all_gather(Channel& channel, const Group& group, int step, int shift) {
  return ring(channel, group, step, shift, Combine::copy);
}

}  // namespace orrery::collective
