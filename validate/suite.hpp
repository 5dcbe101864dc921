// The configurations of `validate self-train`: training runs small enough to be done for real on two cores,
// spread over models, sizes, batch sizes, ranks and gradient buckets. They were chosen before any of them was
// predicted and none of them is used to fit anything.
#pragma once

#include <cstdint>
#include <vector>

#include "scenarios/scenario.hpp"

namespace orrery::validate {

struct SuiteOptions {
  bool is_short = false;   ///< a quarter of the configurations
  std::int64_t steps = 0;  ///< timed steps per run; 0: 100
};

/// Scenarios with unique names such as "mlp_m/b64/r2/256KiB" (model and size, samples per rank, ranks,
/// bucket). `overlap` is off: a CPU rank communicates itself.
std::vector<scenario::Scenario> self_train_suite(const SuiteOptions& options);

}  // namespace orrery::validate
