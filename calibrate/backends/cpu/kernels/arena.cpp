#include "calibrate/backends/cpu/kernels/arena.hpp"

#include <fmt/core.h>
#include <sys/mman.h>

#include <cstring>

#include "sim/base/error.hpp"

namespace orrery::cpu {
namespace {

constexpr std::size_t kLine = 64;
constexpr std::size_t kHugePage = std::size_t{2} << 20;

std::size_t round_up(std::size_t value, std::size_t unit) {
  return (value + unit - 1) / unit * unit;
}

}  // namespace

// One line more than needed keeps equally sized tensors from starting at equal cache sets.
std::size_t Arena::footprint(std::size_t bytes) {
  return round_up(bytes, kLine) + kLine;
}

Arena::Arena(std::size_t bytes) {
  const std::size_t unit = bytes >= kHugePage ? kHugePage : kLine;
  size_ = round_up(bytes == 0 ? 1 : bytes, unit);
  memory_.reset(static_cast<std::byte*>(std::aligned_alloc(unit, size_)));
  if (memory_ == nullptr) throw BackendError(fmt::format("out of memory: {} bytes for tensors", size_));
  // A wish, not a need: without huge pages everything works, only with more address-translation misses.
  if (unit == kHugePage) madvise(memory_.get(), size_, MADV_HUGEPAGE);
  std::memset(memory_.get(), 0, size_);
}

void* Arena::take(std::size_t bytes) {
  const std::size_t step = footprint(bytes);
  SIM_ASSERT(used_ + step <= size_, "an arena was asked for more than it holds");
  void* piece = memory_.get() + used_;
  used_ += step;
  return piece;
}

}  // namespace orrery::cpu
