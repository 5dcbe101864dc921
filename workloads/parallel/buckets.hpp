// Gradient buckets: which contiguous ranges of the flat gradient buffer are all-reduced together, and after
// which node of the graph each is complete. A pure plan, executed alike by the simulated and by the reference
// trainer.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/base/units.hpp"
#include "workloads/model/graph.hpp"

namespace orrery::parallel {

/// Elements [offset, offset + elements) of the flat gradient buffer, complete when node `ready_after` has
/// run.
struct Bucket {
  std::int64_t offset = 0;
  std::int64_t elements = 0;
  std::size_t ready_after = 0;
  Bytes bytes() const { return Bytes(4.0 * static_cast<double>(elements)); }
};

/// Fills buckets in gradient-ready order; a bucket is closed as soon as it holds at least `bucket_bytes`. A
/// parameter is never split, so a bucket may be larger than `bucket_bytes` by less than its last parameter;
/// the last one may be smaller. REQUIRES: bucket_bytes > 0.
std::vector<Bucket> plan_buckets(const model::ModelGraph& graph, Bytes bucket_bytes);

}  // namespace orrery::parallel
