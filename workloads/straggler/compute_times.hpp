// The compute times of a group of learners: a distribution, lasting differences between learners, and transient slow
// phases. Addressed draws: the n-th mini-batch of learner i takes the same time in every compared run (common random
// numbers), whatever the variant does; only whether it meets a slow phase depends on when it begins. Used by the
// simulator and, with real sleeps, by the reference parameter server.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/base/fields.hpp"
#include "sim/base/rng.hpp"
#include "sim/base/units.hpp"
#include "workloads/straggler/compute_time.hpp"

namespace orrery::straggler {

/// A learner is slow now and then: a two-state Markov chain in time, independent for each learner. It begins in its
/// stationary state: slow with probability slow / (normal + slow), which is also the share of time in slow phases.
struct SlowPhases {
  double factor = 4.0;
  Seconds normal{60.0};
  Seconds slow{6.0};
};
template <class V>
void fields(V& v, SlowPhases& c) {
  v("factor", c.factor, "compute times that begin in a slow phase are multiplied with it", at_least(1));
  v("normal", c.normal, "mean length of normal phases (exponential)", more_than(0));
  v("slow", c.slow, "mean length of slow phases (exponential)", more_than(0));
}

struct StragglerConfig {
  Registered<ComputeTime> distribution{"exponential"};
  std::vector<double> factors;
  std::optional<SlowPhases> slow_phases;
};
template <class V>
void fields(V& v, StragglerConfig& c) {
  v("distribution", c.distribution, "time of one mini-batch (orrery list compute_times)");
  v("factors", c.factors, "each learner's times are multiplied with its factor; fewer than learners: repeated in turn",
    more_than(0));
  v("slow_phases", c.slow_phases, "transient slowdowns; none: none");
}

class ComputeTimes {
 public:
  /// REQUIRES: the distribution has no refusal.
  ComputeTimes(const StragglerConfig& config, int learners, Seed seed);
  /// Time of the learner's next mini-batch when it begins at `now` (not before an earlier one).
  Seconds draw(int learner, Seconds now);
  double factor(int learner) const;

 private:
  struct Learner {
    RngStream times, phases;
    double factor = 1.0;
    bool slow = false;
    Seconds phase_end{0.0};
  };
  StragglerConfig config_;
  std::vector<Learner> learners_;
};

}  // namespace orrery::straggler
