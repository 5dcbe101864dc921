// Fitting a software stack's coefficients to measured collectives: least squares of robust log errors with weak priors at
// the start values, so that what a table cannot tell stays where it was; and the interpolation of what the formula
// misses. Deterministic, one thread, milliseconds per stack.
#pragma once

#include <string>
#include <vector>

#include "calibrate/fit/fabric_points.hpp"
#include "costmodel/fabric_profile.hpp"

namespace orrery::calibrate {

/// A point to fit: the machine it was measured on may differ from point to point.
struct FabricTarget {
  const cost::FabricSpec* spec;
  const FabricPoint* point;
};

struct StackFitOptions {
  std::vector<std::string> fixed;  ///< coefficients that stay as they are, by field name
  int iterations = 40;
};

/// The coefficients that explain the targets best. REQUIRES: at least one target.
cost::CollectiveStack fit_stack(const std::vector<FabricTarget>& targets, cost::CollectiveStack start,
                                const StackFitOptions& options = {});

/// What to start from: the defaults, and for kernels of inference engines their limit and host launch.
cost::CollectiveStack stack_guess(const FabricGroup& group);

/// Interpolation of log(measured / formula), one residual per kind.
std::vector<cost::KindResidual> fit_rest(const cost::FabricSpec& spec, const cost::CollectiveStack& stack,
                                         const std::vector<const FabricPoint*>& points);

/// Coefficients, rest and held-out errors of one group.
cost::StackEntry fit_group(const FabricGroup& group);

}  // namespace orrery::calibrate
