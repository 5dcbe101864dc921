// What local variants share: learners that step until all have come to a round, and the mixing matrices of rounds.
#pragma once

#include <cstddef>
#include <cstdint>

#include "workloads/sync/moves.hpp"

namespace orrery::sync {

/// The learner updates its own model and goes on until it has `steps` updates since the last round; there it waits.
/// The last to come starts the round of all.
inline void step_until_round(std::int64_t steps, const Arrival& arrival, const View& view, Decision& decision) {
  decision.use = Use::local;
  Next& next = next_of(decision, arrival.learner);
  if (view.learners[static_cast<std::size_t>(arrival.learner)].since_round < steps) {
    next = Next::repeat;
    return;
  }
  next = Next::wait;
  for (const LearnerView& learner : view.learners)
    if (learner.computing) return;
  decision.round = RoundOf::all;
}

/// Every model becomes the mean of all.
inline void average_all(std::size_t learners, Round& round) {
  const int n = static_cast<int>(learners);
  for (int target = 0; target < n; ++target)
    for (int source = 0; source < n; ++source) round.mix.push_back({target, source, 1.0 / n});
  round.traffic = RoundTraffic::all_reduce;
}

}  // namespace orrery::sync
