// Simulated synchronous data-parallel training: one process per rank with a compute and a communication
// stream, driven by the same model graph and the same bucket plan as the reference trainer.
//
// A rank runs the nodes of its graph one after another. When the last node of a gradient bucket has run, the
// bucket is all-reduced: with `overlap` on the rank's communication stream while backward goes on (bucket i
// finishes at f_i = max(f_{i-1}, g_i) + c_i when its gradient is ready at g_i and its transfer takes c_i;
// exposed is f_last - g_last), without it in the middle of backward. An all-reduce starts when the last rank
// has arrived. After the last bucket every rank updates its weights and begins the next step at once; only
// the collectives keep ranks together.
#pragma once

#include "sim/observe/trace.hpp"
#include "workloads/train/node_times.hpp"
#include "workloads/train/result.hpp"
#include "workloads/train/spec.hpp"

namespace orrery::train {

/// The part of a run that the clock decides.
struct Timeline {
  std::vector<Seconds> steps;        ///< as TrainResult::steps
  std::vector<RankStep> rank_steps;  ///< ordered by step, then rank
  Breakdown critical;                ///< mean over the steps of the critical rank, sums to the mean step time
};

/// Runs `spec.steps` steps. `times` belongs to `graph` and `buckets`. Draws are addressed by (rank, step,
/// node), so runs that differ in one thing share all others.
Timeline run_steps(const TrainSpec& spec, const model::ModelGraph& graph,
                   const std::vector<parallel::Bucket>& buckets, const StepTimes& times,
                   observe::Trace& trace);

/// Builds the graph, asks `costs` for times, simulates and folds the result. `trace` may be null. Throws
/// ScenarioError where the model's description makes no model.
TrainResult simulate(const TrainSpec& spec, const cost::CostModel& costs, observe::Trace* trace = nullptr);

}  // namespace orrery::train
