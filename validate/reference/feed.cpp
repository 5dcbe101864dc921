#include "validate/reference/feed.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "sim/base/error.hpp"

namespace orrery::reference {
namespace {

constexpr std::size_t kWindowBytes = std::size_t{64} << 20U;
constexpr std::int64_t kWindowSteps = 1024;

std::size_t whole_lines(std::int64_t elements) {
  return (static_cast<std::size_t>(elements) * 4 + 63) / 64 * 64;
}

}  // namespace

SampleOrder::SampleOrder(Seed seed, std::int64_t samples, std::int64_t batch)
    : seed_(seed), samples_(samples), batch_(batch), order_(static_cast<std::size_t>(samples)) {
  SIM_ASSERT(batch >= 1 && batch <= samples, "a batch larger than the data set");
}

std::span<const std::int64_t> SampleOrder::batch(std::int64_t step) {
  const std::int64_t epoch = step / steps_per_epoch();
  if (epoch != epoch_) {
    epoch_ = epoch;
    std::iota(order_.begin(), order_.end(), std::int64_t{0});
    RngStream draws = stream(seed_, "shuffle", static_cast<std::uint64_t>(epoch));
    for (std::size_t i = order_.size(); i > 1; --i) std::swap(order_[i - 1], order_[draws.below(i)]);
  }
  const auto first = static_cast<std::size_t>(step % steps_per_epoch() * batch_);
  return std::span(order_).subspan(first, static_cast<std::size_t>(batch_));
}

Feed::Feed(const Dataset& data, Seed seed, std::int64_t global_batch, int rank, int ranks, std::int64_t first,
           std::int64_t last)
    : data_(data),
      order_(seed, data.samples(Split::train), global_batch),
      shape_(data.shape()),
      per_rank_(global_batch / ranks),
      rank_(rank),
      last_(last),
      capacity_(0),
      window_first_(first),
      window_last_(first),
      input_stride_(whole_lines(per_rank_ * shape_.inputs)),
      label_stride_(whole_lines(per_rank_ * shape_.labels)),
      arena_([&] {
        const auto fitting = static_cast<std::int64_t>(kWindowBytes / (input_stride_ + label_stride_));
        capacity_ =
            std::clamp(std::min({fitting, kWindowSteps, last - first}), std::int64_t{1}, kWindowSteps);
        const auto steps = static_cast<std::size_t>(capacity_);
        return cpu::Arena::footprint(steps * input_stride_) + cpu::Arena::footprint(steps * label_stride_);
      }()),
      inputs_(arena_.take_array<std::byte>(static_cast<std::size_t>(capacity_) * input_stride_).data()),
      labels_(arena_.take_array<std::byte>(static_cast<std::size_t>(capacity_) * label_stride_).data()) {}

Feed::Batch Feed::place(std::int64_t step) {
  const auto slot = static_cast<std::size_t>(step - window_first_);
  return {inputs_ + slot * input_stride_, reinterpret_cast<std::int32_t*>(labels_ + slot * label_stride_)};
}

void Feed::gather(std::int64_t first) {
  window_first_ = first;
  window_last_ = std::min(first + capacity_, last_);
  for (std::int64_t step = window_first_; step < window_last_; ++step) {
    const Batch to = place(step);
    const auto mine = order_.batch(step).subspan(static_cast<std::size_t>(rank_ * per_rank_),
                                                 static_cast<std::size_t>(per_rank_));
    for (std::size_t i = 0; i < mine.size(); ++i) {
      data_.copy_sample(Split::train, mine[i],
                        static_cast<std::byte*>(to.inputs) + i * static_cast<std::size_t>(shape_.inputs) * 4,
                        to.labels + static_cast<std::int64_t>(i) * shape_.labels);
    }
  }
}

Feed::Batch Feed::step(std::int64_t step) {
  if (step >= window_last_ || step < window_first_) gather(step);
  return place(step);
}

}  // namespace orrery::reference
