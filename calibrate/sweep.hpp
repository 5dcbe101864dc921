// The description of a calibration: which cases are visited, under which conditions, in which order. Shapes
// are drawn from a low-discrepancy sequence over the logarithms of the dimensions, so that few points cover a
// wide region evenly; they follow no particular model. Every case is visited once per round, each round in
// another seeded order, with anchor kernels in between, because the speed of a machine drifts over minutes
// and even over seconds.
#pragma once

#include <string>
#include <vector>

#include "calibrate/measurements.hpp"
#include "sim/base/rng.hpp"

namespace orrery::calibrate {

struct SweepOptions {
  bool full = false;  ///< more points, larger shapes, more rounds
  int ranks = 2;
  Seed seed{1};

  int rounds() const { return 3; }
  double budget_s() const { return full ? 480.0 : 72.0; }
};

struct Visit {
  Case subject;
  cost::Conditions conditions;
  bool is_anchor = false;
  int round = 0;
};

struct AnchorCase {
  std::string aspect;  ///< "compute", "memory", "small", "communication"
  Case subject;
  cost::Conditions conditions;
};
/// Kernels that are measured again and again: one compute-bound product, one memory-bound copy, one small
/// operator, and with two ranks or more one all-reduce. They are the same in every sweep.
std::vector<AnchorCase> anchor_cases(int ranks);

/// The distinct cases of a sweep, without anchors.
std::vector<Visit> sweep_cases(const SweepOptions& options);
/// All visits in order: rounds, shuffled cases, anchors. The same options give the same plan.
std::vector<Visit> plan_sweep(const SweepOptions& options);

}  // namespace orrery::calibrate
