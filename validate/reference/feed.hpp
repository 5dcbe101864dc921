// Which samples a rank sees in which step, and their bytes ready in memory. The order depends on the seed and
// the epoch alone: a global batch holds the same samples for every number of ranks, and rank r takes the r-th
// part of it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "calibrate/backends/cpu/kernels/arena.hpp"
#include "validate/reference/dataset.hpp"

namespace orrery::reference {

/// The training samples shuffled anew in each epoch (Fisher and Yates) and cut into batches; a rest that
/// fills no batch is left out of that epoch.
class SampleOrder {
 public:
  /// REQUIRES: 1 <= batch <= samples.
  SampleOrder(Seed seed, std::int64_t samples, std::int64_t batch);

  std::int64_t steps_per_epoch() const { return samples_ / batch_; }
  /// Sample indices of the global batch of `step` (from 0). Valid until the next call.
  std::span<const std::int64_t> batch(std::int64_t step);

 private:
  Seed seed_;
  std::int64_t samples_, batch_;
  std::int64_t epoch_ = -1;
  std::vector<std::int64_t> order_;
};

/// Batches of one rank. Samples are gathered for many steps ahead at once, so that a step itself begins with
/// its batch in memory (as behind a prefetching loader); the steps that gather are rare and stand out as such
/// in the log.
class Feed {
 public:
  struct Batch {
    void* inputs;
    std::int32_t* labels;
  };

  /// Steps [first, last) will be asked for, in order. `data` outlives the feed.
  Feed(const Dataset& data, Seed seed, std::int64_t global_batch, int rank, int ranks, std::int64_t first,
       std::int64_t last);

  /// The batch of that step; its memory is untouched until the feed gathers again.
  Batch step(std::int64_t step);

 private:
  void gather(std::int64_t first);
  Batch place(std::int64_t step);

  const Dataset& data_;
  SampleOrder order_;
  SampleShape shape_;
  std::int64_t per_rank_, rank_, last_;
  std::int64_t capacity_;                    ///< steps in memory at once
  std::int64_t window_first_, window_last_;  ///< steps that are in memory now
  std::size_t input_stride_, label_stride_;  ///< bytes per step, whole cache lines
  cpu::Arena arena_;
  std::byte* inputs_;
  std::byte* labels_;
};

}  // namespace orrery::reference
