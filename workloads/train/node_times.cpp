#include "workloads/train/node_times.hpp"

#include "workloads/model/reuse.hpp"

namespace orrery::train {
namespace {

Seconds total(const std::vector<TimedWork>& work) {
  Seconds sum;
  for (const TimedWork& item : work) sum += item.estimate.time;
  return sum;
}

std::vector<TimedWork> transfers(const std::vector<parallel::Bucket>& buckets, int ranks,
                                 const cost::CostModel& costs) {
  std::vector<TimedWork> result;
  for (const parallel::Bucket& bucket : buckets) {
    const cost::CollectiveCase collective{cost::CollectiveKind::all_reduce, bucket.bytes(), ranks};
    result.push_back({cost::name(collective.kind), costs.estimate(collective), &costs.noise(collective)});
  }
  return result;
}

}  // namespace

Seconds StepTimes::compute() const {
  return total(nodes);
}
Seconds StepTimes::communication() const {
  return total(buckets);
}

StepTimes step_times(const model::ModelGraph& graph, const std::vector<parallel::Bucket>& buckets, int ranks,
                     const cost::CostModel& costs) {
  StepTimes times;
  if (ranks > 1) times.buckets = transfers(buckets, ranks, costs);
  std::vector<cost::Conditions> conditions;
  for (const Bytes distance : model::reuse_distances(graph))
    conditions.push_back({ranks, distance, Seconds(0.0)});

  // How long data lies untouched depends on how long the nodes take, and the other way round: one correction
  // is enough, because the effect on the whole step is small.
  std::vector<Seconds> durations;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    durations.push_back(costs.estimate(graph.nodes[i].op, conditions[i]).time);
  }
  for (std::size_t i = 0; i < times.buckets.size(); ++i) {
    durations[buckets[i].ready_after] += times.buckets[i].estimate.time;
  }
  const std::vector<Seconds> ages = model::reuse_times(graph, durations);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const cost::Op& op = graph.nodes[i].op;
    conditions[i].reuse_time = ages[i];
    const cost::Estimate estimate = costs.estimate(op, conditions[i]);
    times.nodes.push_back({cost::class_name(op), estimate, &costs.noise(op, estimate.time)});
  }
  return times;
}

double quantile_of_draw(RngStream stream, std::uint64_t counter) {
  stream.seek(counter);
  return stream.open_uniform();
}

}  // namespace orrery::train
