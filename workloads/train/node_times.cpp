#include "workloads/train/node_times.hpp"

#include "workloads/model/reuse.hpp"

namespace orrery::train {
namespace {

Seconds total(const std::vector<TimedWork>& work) {
  Seconds sum;
  for (const TimedWork& item : work) sum += item.estimate.time;
  return sum;
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
  const std::vector<Bytes> distances = model::reuse_distances(graph);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const cost::Op& op = graph.nodes[i].op;
    const cost::Estimate estimate = costs.estimate(op, {ranks, distances[i]});
    times.nodes.push_back({cost::class_name(op), estimate, &costs.noise(op, estimate.time)});
  }
  if (ranks < 2) return times;
  for (const parallel::Bucket& bucket : buckets) {
    const cost::CollectiveCase collective{cost::CollectiveKind::all_reduce, bucket.bytes(), ranks};
    const cost::Estimate estimate = costs.estimate(collective);
    times.buckets.push_back({cost::name(collective.kind), estimate, &costs.noise(collective)});
  }
  return times;
}

double quantile_of_draw(RngStream stream, std::uint64_t counter) {
  stream.seek(counter);
  return stream.open_uniform();
}

}  // namespace orrery::train
