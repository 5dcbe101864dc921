// How long each node of a step and each bucket's all-reduce takes: everything that the engine and the error
// estimate need to know from the cost model, asked once per run.
#pragma once

#include <string>
#include <vector>

#include "costmodel/cost_model.hpp"
#include "sim/base/rng.hpp"
#include "workloads/model/graph.hpp"
#include "workloads/parallel/buckets.hpp"
#include "workloads/train/spec.hpp"

namespace orrery::train {

/// One kind of work with its median time and the spread of single calls.
struct TimedWork {
  std::string group;  ///< operator class, or "all_reduce": errors are correlated within it
  cost::Estimate estimate;
  const cost::Noise* noise = nullptr;  ///< owned by the cost model

  /// Time of one call; `u` in (0, 1) is its quantile.
  Seconds draw(double u) const { return estimate.time * noise->at(u); }
};

struct StepTimes {
  std::vector<TimedWork> nodes;    ///< one per graph node
  std::vector<TimedWork> buckets;  ///< one per gradient bucket; empty with one rank

  Seconds compute() const;        ///< sum of the nodes' medians
  Seconds communication() const;  ///< sum of the buckets' medians
};

/// Estimates under the conditions of a training step: all ranks of the node busy, operands as far away and as
/// old as `model::data_reuse` says.
StepTimes step_times(const model::ModelGraph& graph, const std::vector<parallel::Bucket>& buckets, int ranks,
                     const cost::CostModel& costs);

/// The quantile in (0, 1) of draw number `counter` of `stream`, whatever was drawn before.
double quantile_of_draw(RngStream stream, std::uint64_t counter);

}  // namespace orrery::train
