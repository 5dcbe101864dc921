// The description of a calibration: which cases are visited, under which conditions, in which order. Shapes
// are drawn from a low-discrepancy sequence over the logarithms of the dimensions, so that few points cover a
// wide region evenly; they follow no particular model. Every case is visited once per round, each round in
// another seeded order, with anchor kernels in between, because the speed of a machine drifts over minutes
// and even over seconds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "calibrate/measurements.hpp"
#include "sim/base/rng.hpp"

namespace orrery::calibrate {

/// What kind of processor is measured: sizes, types and operators differ by orders of magnitude.
enum class SweepTarget : std::uint8_t { cpu, gpu };

struct SweepOptions {
  bool full = false;  ///< more points, larger shapes, more rounds
  int ranks = 2;
  Seed seed{1};
  SweepTarget target = SweepTarget::cpu;

  int rounds() const { return 3; }
  double budget_s() const {
    if (target == SweepTarget::gpu) return full ? 470.0 : 170.0;
    return full ? 480.0 : 72.0;
  }
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
/// operator, and with two ranks or more one all-reduce. They are the same in every sweep of a target.
std::vector<AnchorCase> anchor_cases(int ranks, SweepTarget target = SweepTarget::cpu);
/// What an anchor of this class stands for, whichever target it belongs to; empty for others.
std::string anchor_aspect(const std::string& class_name);

/// Operator classes that a sweep visits, sorted.
std::vector<std::string> sweep_classes(SweepTarget target);

/// The distinct cases of a sweep, without anchors. Those of a GPU stand in the order of their information:
/// every beginning of the list covers all classes evenly, the ones that matter most more densely.
std::vector<Visit> sweep_cases(const SweepOptions& options);
/// All visits in order: rounds, cases, anchors. The same options give the same plan. A CPU's cases are
/// shuffled in each round; a GPU's first round keeps the order of information, because its time may end at
/// any moment.
std::vector<Visit> plan_sweep(const SweepOptions& options);

/// The generators behind sweep_cases, one per target.
std::vector<Visit> cpu_sweep_cases(const SweepOptions& options);
std::vector<Visit> gpu_sweep_cases(const SweepOptions& options);
/// Every kind of collective over message sizes from 8 bytes to 64 MiB, a GPU's to 1 GiB.
void add_collective_cases(const SweepOptions& options, std::vector<Visit>& visits);
std::vector<std::string> cpu_sweep_classes();
std::vector<std::string> gpu_sweep_classes();

}  // namespace orrery::calibrate
