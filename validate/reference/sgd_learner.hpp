// A learner of the reference parameter server: it computes the gradient for real and then waits until the drawn compute
// time of the mini-batch is over, open for letters all the while: a new model cancels the mini-batch at once. Local
// variants: it updates its own model and sends that instead of the gradient.
//
// It never reads a clock: whoever drives it says what time it is, so that tests drive it with a time of their own.
#pragma once

#include <cstdint>
#include <optional>

#include "calibrate/point_to_point.hpp"
#include "sim/base/stats.hpp"
#include "validate/reference/mailbox.hpp"
#include "validate/reference/sgd_config.hpp"

namespace orrery::reference {

/// Means over a learner's run, in seconds; for calibration.
struct LearnerTimes {
  RunningStats late;   ///< from the end of the compute time until the letter was sent
  RunningStats reply;  ///< from sending a gradient until the server's next letter was read
};

class SgdLearner {
 public:
  /// `learner` counts from 0 and is the rank learner + 1; the server is rank 0. `objective` and `messages` outlive it.
  SgdLearner(const SgdConfig& config, int learner, learn::Objective& objective,
             calibrate::PointToPoint& messages);

  /// Reads what has come and does what is due; false: the run is over. `now` counts from the start that all share.
  bool advance(Seconds now);
  /// When it will have something to do even if no letter comes; none: never.
  std::optional<Seconds> wakes() const { return deadline_; }
  const LearnerTimes& times() const { return times_; }

 private:
  void obey(const Letter& letter, Seconds now);
  void begin(Seconds now);
  void send_gradient(Seconds now);

  SgdConfig config_;
  int learner_;
  learn::Objective& objective_;
  Mailbox mail_;
  straggler::ComputeTimes compute_;
  learn::Updater updater_;  ///< of its own model, in local variants
  learn::Vector model_, gradient_;
  std::int64_t sequence_ = 0;
  std::uint64_t begun_ = 0;  ///< mini-batches
  std::int64_t steps_ = 0;  ///< local ones
  float loss_ = 0.0F;
  std::optional<Seconds> deadline_;  ///< of the mini-batch that it computes
  std::optional<Seconds> sent_;      ///< moment of the gradient that has no answer yet
  bool over_ = false;
  LearnerTimes times_;
};

}  // namespace orrery::reference
