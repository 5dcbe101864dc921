#include "workloads/parallel/buckets.hpp"

#include "sim/base/error.hpp"

namespace orrery::parallel {

std::vector<Bucket> plan_buckets(const model::ModelGraph& graph, Bytes bucket_bytes) {
  SIM_ASSERT(bucket_bytes > Bytes(0.0), "a gradient bucket needs a positive size");
  std::vector<Bucket> buckets;
  const std::int64_t end = graph.tensor(graph.flat_gradients).elements;
  bool open = false;
  for (std::size_t i = 0; i < graph.parameters.size(); ++i) {
    const model::Parameter& parameter = graph.parameters[i];
    const std::int64_t next = i + 1 < graph.parameters.size() ? graph.parameters[i + 1].offset : end;
    if (!open) buckets.push_back({parameter.offset, 0, 0});
    Bucket& bucket = buckets.back();
    bucket.elements = next - bucket.offset;  // padding behind a parameter travels with it
    bucket.ready_after = parameter.ready_after;
    open = bucket.bytes() < bucket_bytes;
  }
  return buckets;
}

}  // namespace orrery::parallel
