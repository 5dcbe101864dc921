// What a simulated training run says: step times, where the time of the critical rank goes, how sure the
// figure is and on which kinds of estimates it rests.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "costmodel/cost_model.hpp"
#include "sim/base/units.hpp"
#include "workloads/model/memory.hpp"

namespace orrery::train {

/// Time of one rank by what it did. `exposed_communication` is the transfer time during which the rank
/// computed nothing; `waiting` is the time it stood before a collective that other ranks had not reached yet.
struct Breakdown {
  Seconds forward, backward, exposed_communication, update, waiting;
  Seconds total() const { return forward + backward + exposed_communication + update + waiting; }
  Breakdown scaled(double factor) const {
    return {forward * factor, backward * factor, exposed_communication * factor, update * factor,
            waiting * factor};
  }
  Breakdown& operator+=(const Breakdown& other) {
    forward += other.forward;
    backward += other.backward;
    exposed_communication += other.exposed_communication;
    update += other.update;
    waiting += other.waiting;
    return *this;
  }
};

/// One step of one rank, from the end of its last update to the end of this one.
struct RankStep {
  int step = 0;
  int rank = 0;
  SimTime start, end;
  Breakdown time;  ///< sums to end - start
};

/// Relative standard deviations of the predicted median step time, by cause.
struct Uncertainty {
  double model = 0.0;  ///< cost model: errors are equal within an operator class, independent between classes
  double drift = 0.0;  ///< the whole machine faster or slower than when it was measured
  double sampling = 0.0;  ///< a run of so many steps has a median that varies from run to run
  double total() const;
};

struct SourceShare {
  cost::Source source = cost::Source::fitted;
  double share = 0.0;  ///< of the critical rank's busy time, by medians
};

struct TrainResult {
  std::string model_name;
  std::int64_t parameters = 0;
  std::size_t nodes = 0;
  std::size_t buckets = 0;
  Flops flops_per_step;  ///< one rank
  model::MemoryUse memory;

  /// Step k lasts from the moment the slowest rank finished step k-1 to the moment the slowest finishes step
  /// k; these sum to the time of the run.
  std::vector<Seconds> steps;
  Seconds median_step;
  /// 80 % interval of the median step time that a real run of `steps.size()` steps measures on this machine:
  /// cost model error, machine drift and the chance in both runs.
  Seconds low, high;
  Uncertainty uncertainty;
  double samples_per_s = 0.0;  ///< all ranks, over the whole simulated run

  /// The critical rank (the one that finishes last) on average over the steps, scaled to sum to
  /// `median_step`.
  Breakdown breakdown;
  Seconds communication;  ///< transfer time per step, hidden or not
  std::vector<SourceShare> sources;
  std::vector<RankStep> rank_steps;  ///< raw: every step of every rank
};

}  // namespace orrery::train
