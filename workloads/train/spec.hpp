// What is simulated: one data-parallel training run on one node, as plain values.
#pragma once

#include <cstdint>

#include "sim/base/rng.hpp"
#include "sim/base/units.hpp"
#include "workloads/model/config.hpp"

namespace orrery::train {

struct TrainSpec {
  model::ModelConfig model;
  cost::OptimizerKind optimizer = cost::OptimizerKind::sgd;
  std::int64_t batch_per_rank = 64;  ///< samples per rank and step
  int ranks = 1;                     ///< data-parallel, all on one node, one core each
  Bytes bucket{1048576.0};           ///< gradient bucket size, see parallel::plan_buckets
  /// true: a bucket is all-reduced on a communication stream while backward goes on; false: the rank computes
  /// nothing while it communicates, as a CPU rank without a communication engine does.
  bool overlap = true;
  int steps = 200;    ///< simulated steps
  bool noise = true;  ///< false: every call takes its median time
  Seed seed;
};

}  // namespace orrery::train
