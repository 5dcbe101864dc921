#include "sim/collective/algorithms/fold.hpp"

namespace orrery::collective {

Fold::Fold(int ranks) : extra_(ranks - (1 << log2_floor(ranks))) {
  for (int pair = 0; pair < extra_; ++pair) core_.members.push_back(2 * pair + 1);
  for (int rank = 2 * extra_; rank < ranks; ++rank) core_.members.push_back(rank);
}

int Fold::add_before(Channel& channel, int step, int slots) const {
  for (int pair = 0; pair < extra_; ++pair) send_all(channel, step, 2 * pair, 2 * pair + 1, slots, Combine::add);
  return needed() ? step + 1 : step;
}

int Fold::add_after(Channel& channel, int step, int slots) const {
  for (int pair = 0; pair < extra_; ++pair) send_all(channel, step, 2 * pair + 1, 2 * pair, slots, Combine::copy);
  return needed() ? step + 1 : step;
}

Seconds Fold::time(Bytes buffer, const Hockney& h) const {
  if (!needed()) return Seconds(0.0);
  return 2.0 * (h.alpha + buffer * h.beta) + buffer * h.gamma;
}

}  // namespace orrery::collective
