#include "calibrate/backends/cpu/kernels/timed_kernel.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <vector>

#include "calibrate/backends/cpu/kernels/arena.hpp"
#include "calibrate/backends/cpu/kernels/kernels.hpp"
#include "calibrate/number_format.hpp"
#include "calibrate/operand_values.hpp"
#include "sim/base/error.hpp"
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

void require_memory(std::size_t bytes, const std::string& what) {
  const double half =
      0.5 * static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  if (static_cast<double>(bytes) > half) {
    throw calibrate::DoesNotFit(fmt::format("{} needs {} bytes, more than half of the memory", what, bytes));
  }
}

void fill(const cost::Op& op, const cost::Operand& operand, RngStream& draws, void* memory) {
  const auto count = static_cast<std::size_t>(operand.elements);
  if (operand.dtype == cost::DType::fp32) {
    calibrate::fill_operand(op, operand, draws, {static_cast<float*>(memory), count});
    return;
  }
  std::vector<float> values(count);
  calibrate::fill_operand(op, operand, draws, values);
  const std::vector<std::byte> encoded = calibrate::encode(values, operand.dtype);
  std::memcpy(memory, encoded.data(), encoded.size());
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
      touched += operand.touched_bytes().value();
      allocated += operand.bytes().value();
    }
    const double wanted = 1.0 + std::round(distance.value() / touched);
    return static_cast<std::size_t>(std::max(1.0, std::min(wanted, kBuffersMax / allocated)));
  }

  std::size_t arena_bytes() const {
    std::size_t bytes = 0;
    for (const cost::Operand& operand : operands_) bytes += Arena::footprint(size_of(operand));
    require_memory(bytes, cost::class_name(op_) + " " + cost::shape_text(op_));
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

class TimedComposition : public calibrate::TimedOp {
 public:
  explicit TimedComposition(const calibrate::Composition& composition)
      : steps_(composition.steps), arena_(bytes_of(composition)) {
    std::vector<void*> tensors;
    for (const calibrate::CompositionTensor& tensor : composition.tensors) {
      tensors.push_back(arena_.take(tensor_bytes(tensor)));
    }
    std::vector<bool> filled(tensors.size(), false);
    RngStream draws = stream(Seed{1}, "calibrate/composition");
    for (const calibrate::CompositionStep& step : steps_) {
      const std::vector<cost::Operand> operands = cost::operands(step.op);
      SIM_ASSERT(operands.size() == step.operands.size(), "a step with a wrong number of operands");
      for (std::size_t i = 0; i < operands.size(); ++i) {
        const std::size_t t = step.operands[i];
        SIM_ASSERT(t < tensors.size() && size_of(operands[i]) <= tensor_bytes(composition.tensors[t]),
                   "a step's operand does not lie inside its tensor");
        if (!filled[t]) fill(step.op, operands[i], draws, tensors[t]);
        filled[t] = true;
        buffers_.push_back(tensors[t]);
      }
    }
    run();
  }

  Seconds run() override {
    const auto start = Clock::now();
    std::size_t first = 0;
    for (const calibrate::CompositionStep& step : steps_) {
      execute(step.op, std::span(buffers_).subspan(first, step.operands.size()));
      first += step.operands.size();
    }
    const double time =
        std::chrono::duration<double>(Clock::now() - start).count() - clock_overhead().value();
    return Seconds(std::max(time, 1e-9));
  }

 private:
  static std::size_t tensor_bytes(const calibrate::CompositionTensor& tensor) {
    return static_cast<std::size_t>(tensor.elements * cost::bytes_of(tensor.dtype));
  }
  static std::size_t bytes_of(const calibrate::Composition& composition) {
    for (const calibrate::CompositionStep& step : composition.steps) {
      if (has_kernel(step.op)) continue;
      throw BackendError(
          fmt::format("{}: the CPU has no kernel for {}", composition.name, cost::class_name(step.op)));
    }
    std::size_t bytes = 0;
    for (const auto& tensor : composition.tensors) bytes += Arena::footprint(tensor_bytes(tensor));
    require_memory(bytes, composition.name);
    return bytes;
  }

  std::vector<calibrate::CompositionStep> steps_;
  Arena arena_;
  std::vector<void*> buffers_;  ///< of all steps, one behind the other
};

}  // namespace

Seconds clock_overhead() {
  static const Seconds overhead = [] {
    std::vector<double> gaps(1001);
    for (double& gap : gaps) {
      const auto start = Clock::now();
      gap = std::chrono::duration<double>(Clock::now() - start).count();
    }
    std::nth_element(gaps.begin(), gaps.begin() + 500, gaps.end());
    return Seconds(gaps[500]);
  }();
  return overhead;
}

std::unique_ptr<calibrate::TimedOp> timed_kernel(const cost::Op& op, Bytes reuse_distance) {
  if (!has_kernel(op)) throw BackendError("the CPU has no kernel for " + cost::class_name(op));
  return std::make_unique<TimedKernel>(op, reuse_distance);
}

std::unique_ptr<calibrate::TimedOp> timed_composition(const calibrate::Composition& composition) {
  return std::make_unique<TimedComposition>(composition);
}

}  // namespace orrery::cpu
