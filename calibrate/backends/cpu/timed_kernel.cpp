#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <vector>

#include "calibrate/backends/cpu/arena.hpp"
#include "calibrate/backends/cpu/cpu_backend.hpp"
#include "calibrate/backends/cpu/kernels.hpp"
#include "sim/base/rng.hpp"

namespace orrery::cpu {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kBuffersMax = 1024.0 * 1024.0 * 1024.0;  // bytes
constexpr double kShort = 1e-6;                           // s: below this the clock's grain shows
constexpr double kBlock = 3e-6;                           // s: one timing of a short kernel

std::size_t size_of(const cost::Operand& operand) {
  return static_cast<std::size_t>(operand.bytes().value());
}

/// Largest id or label plus one.
std::uint64_t id_bound(const cost::Op& op) {
  if (const auto* embedding = std::get_if<cost::Embedding>(&op))
    return static_cast<std::uint64_t>(embedding->vocab);
  if (const auto* loss = std::get_if<cost::CrossEntropy>(&op))
    return static_cast<std::uint64_t>(loss->classes);
  return 1;
}

void fill_numbers(float* values, std::size_t count, bool positive, RngStream& draws) {
  for (std::size_t i = 0; i < count; ++i) {
    const double u = draws.uniform(-1.0, 1.0);
    const double magnitude = 0.1 + 0.9 * std::abs(u);
    values[i] = static_cast<float>(positive || u > 0.0 ? magnitude : -magnitude);
  }
}

/// Random numbers of either sign, none of them near zero; second moments of an optimizer are positive.
void fill(const cost::Op& op, const cost::Operand& operand, RngStream& draws, void* memory) {
  const auto count = static_cast<std::size_t>(operand.elements);
  if (operand.dtype == cost::DType::int32) {
    auto* ids = static_cast<std::int32_t*>(memory);
    for (std::size_t i = 0; i < count; ++i) ids[i] = static_cast<std::int32_t>(draws.below(id_bound(op)));
    return;
  }
  const bool positive = std::holds_alternative<cost::OptimizerStep>(op);
  auto* values = static_cast<float*>(memory);
  // Drawing is slower than most kernels, so large buffers repeat their first numbers.
  constexpr std::size_t kDrawn = 1 << 16;
  const std::size_t drawn = std::min(count, kDrawn);
  fill_numbers(values, drawn, positive, draws);
  for (std::size_t i = drawn; i < count; i += kDrawn) {
    std::memcpy(values + i, values, std::min(kDrawn, count - i) * sizeof(float));
  }
}

/// The memory of the last kernel, kept for the next one: in a sweep, getting fresh pages from the system and
/// zeroing them would take longer than the measurements.
std::unique_ptr<Arena>& spare_arena() {
  static std::unique_ptr<Arena> spare;
  return spare;
}

std::unique_ptr<Arena> take_arena(std::size_t bytes) {
  std::unique_ptr<Arena> arena = std::move(spare_arena());
  if (arena == nullptr || arena->size() < bytes) return std::make_unique<Arena>(bytes);
  arena->clear();
  return arena;
}

class TimedKernel : public calibrate::TimedOp {
 public:
  TimedKernel(const cost::Op& op, Bytes reuse_distance)
      : op_(op),
        operands_(cost::operands(op)),
        sets_(set_count(reuse_distance)),
        arena_(take_arena(arena_bytes())) {
    RngStream draws = stream(Seed{1}, "calibrate/operands");
    for (std::size_t s = 0; s < sets_; ++s) {
      for (std::size_t i = 0; i < operands_.size(); ++i) {
        void* memory = arena_->take(size_of(operands_[i]));
        if (s == 0) {
          fill(op_, operands_[i], draws, memory);
        } else {
          std::memcpy(memory, buffers_[i], size_of(operands_[i]));
        }
        buffers_.push_back(memory);
      }
    }
    choose_repeats();
  }
  ~TimedKernel() override {
    if (spare_arena() == nullptr || spare_arena()->size() < arena_->size()) spare_arena() = std::move(arena_);
  }
  TimedKernel(const TimedKernel&) = delete;
  TimedKernel& operator=(const TimedKernel&) = delete;

  Seconds run() override {
    const auto start = Clock::now();
    for (int i = 0; i < repeats_; ++i) once();
    const double time =
        std::chrono::duration<double>(Clock::now() - start).count() - clock_overhead().value();
    return Seconds(std::max(time, 1e-9) / repeats_);
  }

 private:
  /// Sets so that `distance` bytes are touched between two uses of one.
  std::size_t set_count(Bytes distance) const {
    double touched = 0.0;
    double allocated = 0.0;
    for (const cost::Operand& operand : operands_) {
      touched += 4.0 * static_cast<double>(operand.touched);
      allocated += operand.bytes().value();
    }
    const double wanted = 1.0 + std::round(distance.value() / touched);
    return static_cast<std::size_t>(std::max(1.0, std::min(wanted, kBuffersMax / allocated)));
  }

  std::size_t arena_bytes() const {
    std::size_t bytes = 0;
    for (const cost::Operand& operand : operands_) bytes += Arena::footprint(size_of(operand));
    return bytes * sets_;
  }

  void once() {
    execute(op_, std::span(buffers_).subspan(next_ * operands_.size(), operands_.size()));
    next_ = next_ + 1 == sets_ ? 0 : next_ + 1;
  }

  void choose_repeats() {
    double fastest = 1.0;
    for (int i = 0; i < 5; ++i) fastest = std::min(fastest, run().value());
    if (fastest < kShort) repeats_ = static_cast<int>(std::min(64.0, std::ceil(kBlock / fastest)));
  }

  cost::Op op_;
  std::vector<cost::Operand> operands_;
  std::size_t sets_;
  std::unique_ptr<Arena> arena_;
  std::vector<void*> buffers_;  ///< operand pointers, set after set
  std::size_t next_ = 0;
  int repeats_ = 1;
};

}  // namespace

std::unique_ptr<calibrate::TimedOp> timed_kernel(const cost::Op& op, Bytes reuse_distance) {
  return std::make_unique<TimedKernel>(op, reuse_distance);
}

}  // namespace orrery::cpu
