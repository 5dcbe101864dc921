// How sure the predicted median step time is: the errors that the cost model states for its operators,
// carried to the whole step.
#pragma once

#include <span>

#include "workloads/train/node_times.hpp"
#include "workloads/train/result.hpp"

namespace orrery::train {

/// Relative standard deviations of the median step time.
///   model:    sqrt(sum over classes c of (sum over i in c of w_i t_i e_i)^2) / (sum of w_i t_i): within a
///   class the
///             errors e_i are taken as equal (they come from one fit), between classes as independent. w_i =
///             1 for compute; for transfers `exposed_share`, the part of them that the step waits for.
///   drift:    `drift` of the cost model.
///   sampling: sqrt(2) times the standard error of the median of `steps` (from the simulated spread): the
///   real run
///             has as many steps and its own chance. 0 with fewer than 8 steps or without noise.
Uncertainty uncertainty(const StepTimes& times, double exposed_share, double drift,
                        std::span<const Seconds> steps);

/// Limits of the central 80 % when log(true / predicted) is normal with deviation `relative`: predicted times
/// exp(-+1.2816 relative).
struct Limits80 {
  Seconds low, high;
};
Limits80 limits80(Seconds predicted, double relative);

}  // namespace orrery::train
