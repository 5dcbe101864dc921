// How the ranks share the work of one step: what a scenario says about parallelism, as a plain value.
#pragma once

#include "sim/base/fields.hpp"
#include "sim/base/units.hpp"

namespace orrery::parallel {

/// Synchronous data parallelism: every rank holds the whole model and takes batch / data_parallel samples;
/// gradients are averaged by all-reduce, bucket by bucket.
struct ParallelPlan {
  int data_parallel = 1;
  Bytes bucket{1048576.0};
  bool overlap = false;
};
template <class V>
void fields(V& v, ParallelPlan& c) {
  v("data_parallel", c.data_parallel, "ranks that share the batch", at_least(1));
  v("bucket", c.bucket, "gradients are all-reduced in buckets of at least this size", more_than(0));
  v("overlap", c.overlap,
    "all-reduce a bucket while the backward pass still runs; the CPU ranks of the reference trainer cannot");
}

}  // namespace orrery::parallel
