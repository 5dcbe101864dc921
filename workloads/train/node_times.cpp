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

/// Operands differ in how far away they are: a layer's input was written just now, its weights were read a
/// step ago. Whether bytes come from a cache is decided for each part alone, so times are averaged over the
/// parts by their bytes, not the conditions.
cost::Estimate estimate_in_step(const cost::Op& op, int ranks, const std::vector<model::Reuse>& parts,
                                const cost::CostModel& costs) {
  cost::Estimate mean;
  Bytes all, largest;
  for (const model::Reuse& part : parts) all += part.bytes;
  for (const model::Reuse& part : parts) {
    const cost::Estimate estimate = costs.estimate(op, {ranks, part.distance, part.age});
    const double share = part.bytes / all;
    mean.time += share * estimate.time;
    mean.rel_error += share * estimate.rel_error;
    if (part.bytes > largest) {
      largest = part.bytes;
      mean.source = estimate.source;
    }
  }
  return mean;
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
  // How long data lies untouched depends on how long the nodes take, and the other way round. One correction
  // is enough, because the effect on the whole step is small.
  std::vector<Seconds> durations(graph.nodes.size());
  for (int pass = 0; pass < 2; ++pass) {
    const auto reuse = model::data_reuse(graph, durations);
    times.nodes.clear();
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
      const cost::Op& op = graph.nodes[i].op;
      const cost::Estimate estimate = estimate_in_step(op, ranks, reuse[i], costs);
      times.nodes.push_back({cost::class_name(op), estimate, &costs.noise(op, estimate.time)});
      durations[i] = estimate.time;
    }
    for (std::size_t i = 0; i < times.buckets.size(); ++i) {
      durations[buckets[i].ready_after] += times.buckets[i].estimate.time;
    }
  }
  return times;
}

double quantile_of_draw(RngStream stream, std::uint64_t counter) {
  stream.seek(counter);
  return stream.open_uniform();
}

}  // namespace orrery::train
