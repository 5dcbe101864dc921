// What would help: the same run simulated again with one thing faster, all random draws kept. The answer
// behind the bottleneck sentence of a report.
#pragma once

#include <string>
#include <vector>

#include "costmodel/cost_model.hpp"
#include "workloads/train/result.hpp"
#include "workloads/train/spec.hpp"

namespace orrery::train {

struct Sensitivity {
  std::string what;  ///< "matrix products", "memory-bound operators", "communication"
  double speedup = 2.0;
  Seconds median_step;  ///< with it
  double change = 0.0;  ///< relative to the unchanged run: -0.15 is 15 % faster
};

/// One entry per kind of work that the run has, the most helpful first. Operators are sorted by kind as a
/// whole: matrix products stand for compute, all others for memory bandwidth.
std::vector<Sensitivity> sensitivities(const TrainSpec& spec, const cost::CostModel& costs,
                                       double speedup = 2.0);

/// "Step 4.12 ms: 61 % matrix products ... ; matrix products 2x faster would give 2.87 ms (-30 %)."
std::string bottleneck_sentence(const TrainResult& result, const std::vector<Sensitivity>& sensitivities);

}  // namespace orrery::train
