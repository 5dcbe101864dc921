// What a simulated run of parallel SGD gave, as plain values: how the model learned over simulated time, what the
// variant did (updates, staleness, cancelled work), and where the learners' time and the network's bytes went.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/base/units.hpp"
#include "workloads/sync/coordinator.hpp"

namespace orrery::sgd {

/// The model scored at a moment.
struct CurvePoint {
  Seconds time{0.0};
  std::int64_t updates = 0;
  double epochs = 0.0;
  double loss = 0.0;                ///< training loss
  std::optional<double> accuracy;   ///< on test samples
  std::optional<double> test_loss;
};

/// What a learner did, for timelines, in order of their beginning. The first so many to be over are kept; a mini-batch
/// is over when it is decided on.
enum class Doing : std::uint8_t {
  computing,  ///< a mini-batch whose gradient was used, or that was under way at the end
  cancelled,  ///< a mini-batch that was cancelled, or whose gradient was dropped
  waiting,    ///< for others, for the server or for its update
  pushing,    ///< its gradient is on the way to the server
  fetching,   ///< a model is on the way to it
  round       ///< the messages of a round or of an all-reduce
};
struct LearnerSpan {
  int learner = 0;
  Doing doing = Doing::computing;
  Seconds begin{0.0}, end{0.0};
  std::int64_t staleness = 0;  ///< of the gradient, for `computing` whose gradient was used
};

struct SgdResult {
  sync::Books books;
  Seconds end{0.0};                   ///< of the simulated time
  std::vector<CurvePoint> curve;      ///< at the start, at evenly spaced moments, and at an earlier end
  std::vector<Seconds> iterations;    ///< time between updates (local variants: between rounds), at most 100,000
  double epochs = 0.0;
  Seconds computed{0.0};              ///< learner time of gradients that were used, or under way at the end
  Seconds wasted{0.0};                ///< learner time of cancelled and dropped mini-batches
  Seconds waited{0.0};                ///< learner time neither computing nor communicating
  Seconds communicated{0.0};          ///< learner time in messages
  Bytes pushed{0.0}, pulled{0.0};     ///< over all learners, of messages that arrived; all-reduce: sent, received
  bool diverged = false;              ///< the loss became infinite or not a number; the run ended there
  std::vector<LearnerSpan> spans;
  std::uint64_t decisions_hash = 0;
};

}  // namespace orrery::sgd
