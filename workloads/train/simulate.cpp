// Folds a simulated timeline into a TrainResult.
#include <array>
#include <utility>

#include "sim/base/stats.hpp"
#include "workloads/model/builder.hpp"
#include "workloads/parallel/buckets.hpp"
#include "workloads/train/engine.hpp"
#include "workloads/train/uncertainty.hpp"

namespace orrery::train {
namespace {

std::vector<SourceShare> shares_by_source(const StepTimes& times, double exposed_share) {
  std::array<double, 5> sums{};
  double total = 0.0;
  const auto count = [&](const TimedWork& work, double weight) {
    const double time = weight * work.estimate.time.value();
    sums[static_cast<std::size_t>(work.estimate.source)] += time;
    total += time;
  };
  for (const TimedWork& node : times.nodes) count(node, 1.0);
  for (const TimedWork& bucket : times.buckets) count(bucket, exposed_share);
  std::vector<SourceShare> shares;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    if (sums[i] > 0.0) shares.push_back({static_cast<cost::Source>(i), sums[i] / total});
  }
  return shares;
}

Seconds median_of(const std::vector<Seconds>& values) {
  std::vector<double> plain;
  for (const Seconds value : values) plain.push_back(value.value());
  return Seconds(median(plain));
}

}  // namespace

TrainResult simulate(const TrainSpec& spec, const cost::CostModel& costs, observe::Trace* trace) {
  const model::ModelGraph graph = model::build(spec.model, spec.batch_per_rank, spec.optimizer, spec.ranks);
  const std::vector<parallel::Bucket> buckets = parallel::plan_buckets(graph, spec.bucket);
  const StepTimes times = step_times(graph, buckets, spec.ranks, costs);
  observe::Trace off;
  Timeline timeline = run_steps(spec, graph, buckets, times, trace != nullptr ? *trace : off);

  TrainResult result;
  result.model_name = graph.name;
  result.parameters = graph.parameter_count();
  result.nodes = graph.nodes.size();
  result.buckets = times.buckets.size();
  result.flops_per_step = model::flops(graph);
  result.memory = model::memory_use(graph);
  result.median_step = median_of(timeline.steps);
  result.steps = std::move(timeline.steps);
  result.rank_steps = std::move(timeline.rank_steps);

  Seconds run;
  for (const Seconds step : result.steps) run += step;
  result.samples_per_s = static_cast<double>(spec.batch_per_rank) * spec.ranks * spec.steps / run.value();
  result.breakdown = timeline.critical.scaled(result.median_step / timeline.critical.total());
  result.communication = times.communication();
  const double exposed_share =
      result.communication > Seconds(0.0)
          ? std::min(1.0, result.breakdown.exposed_communication / result.communication)
          : 0.0;
  result.sources = shares_by_source(times, exposed_share);
  result.uncertainty = uncertainty(times, exposed_share, costs.drift(), result.steps);
  const Limits80 limits = limits80(result.median_step, result.uncertainty.total());
  result.low = limits.low;
  result.high = limits.high;
  return result;
}

}  // namespace orrery::train
