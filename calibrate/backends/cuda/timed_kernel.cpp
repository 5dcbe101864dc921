#include "calibrate/backends/cuda/timed_kernel.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "calibrate/backends/cuda/kernel_factory.hpp"
#include "calibrate/backends/cuda/operand_plan.hpp"
#include "calibrate/backends/cuda/timed_sample.hpp"
#include "calibrate/backends/cuda/timing_plan.hpp"

namespace orrery::cuda {
namespace {

std::size_t bytes_of(const cost::Operand& operand) {
  return static_cast<std::size_t>(operand.elements * cost::bytes_of(operand.dtype));
}

class TimedKernel : public calibrate::TimedOp {
 public:
  TimedKernel(Device& device, const Instruments& instruments, const cost::Op& op, Bytes reuse_distance)
      : device_(device),
        op_(op),
        operands_(cost::operands(op)),
        kernel_(make_kernel(op, device.context())),
        memory_(device.arena()),
        timer_(device, instruments,
               fmt::format("{} {} {}", cost::class_name(op), cost::shape_text(op), reuse_distance.value())) {
    allocate(reuse_distance);
    choose_calls();
  }
  // Nothing may still run on buffers that are about to be given back.
  ~TimedKernel() override { cudaStreamSynchronize(device_.stream()); }

  Seconds run() override {
    return Seconds(timer_.sample(plan_, [this] { enqueue(); }));
  }

  calibrate::Telemetry telemetry() override {
    return timer_.telemetry(kernel_->algorithm(), [this] { enqueue(); });
  }

 private:
  void allocate(Bytes reuse_distance) {
    RotationNeeds needs;
    for (std::size_t i = 0; i < operands_.size(); ++i) {
      needs.touched += operands_[i].touched_bytes().value();
      if (placement(op_, i) == Placement::device) {
        needs.allocated += static_cast<double>(footprint_in_arena(bytes_of(operands_[i])));
      }
    }
    needs.distance = rotates(op_) ? reuse_distance.value() : 0.0;
    needs.available = static_cast<double>(device_.arena().available());
    needs.l2 = static_cast<double>(device_.context().l2_bytes);
    rotation_ = plan_rotation(needs);
    if (rotation_.sets < 1) {
      throw calibrate::DoesNotFit(fmt::format("{} {} needs {:.0f} MiB on the device, {:.0f} MiB are left",
                                              cost::class_name(op_), cost::shape_text(op_),
                                              needs.allocated / (1 << 20), needs.available / (1 << 20)));
    }
    for (int set = 0; set < rotation_.sets; ++set) add_set(static_cast<std::uint64_t>(set));
    device_.synchronize();
  }

  void add_set(std::uint64_t set) {
    for (std::size_t i = 0; i < operands_.size(); ++i) {
      const cost::Operand& operand = operands_[i];
      const Placement where = placement(op_, i);
      void* memory = memory_.take(where, bytes_of(operand));
      if (set > 0 && operand.dtype == cost::DType::int32) {  // drawing them again would take longer
        copy_bytes(buffers_[i], memory, bytes_of(operand), device_.stream());
      } else {
        const std::uint64_t seed = 1 + set * operands_.size() + i;
        fill(memory, op_, operand, {where, fill_rule(op_, operand), operand.elements, seed},
             device_.stream());
      }
      buffers_.push_back(memory);
    }
  }

  /// The first call loads code and must not be held. Calls that run free carry the host's gaps in their time,
  /// so short ones are looked at again behind a held stream.
  void choose_calls() {
    enqueue();
    device_.synchronize();
    if (!is_held(op_)) return;
    Seconds one_call = shortest({1, false, false});
    plan_ = {calls_per_sample(one_call, rotation_), true, rotation_.flush};
    if (plan_.calls > 1) plan_.calls = calls_per_sample(shortest(plan_), rotation_);
  }

  Seconds shortest(const SampleTimer::Plan& plan) {
    double shortest = timer_.sample(plan, [this] { enqueue(); });
    for (int i = 0; i < 2; ++i) shortest = std::min(shortest, timer_.sample(plan, [this] { enqueue(); }));
    return Seconds(shortest);
  }

  void enqueue() {
    const std::span<void* const> all(buffers_);
    kernel_->launch(all.subspan(next_ * operands_.size(), operands_.size()), device_.stream());
    next_ = next_ + 1 == static_cast<std::size_t>(rotation_.sets) ? 0 : next_ + 1;
  }

  Device& device_;
  cost::Op op_;
  std::vector<cost::Operand> operands_;
  std::unique_ptr<DeviceKernel> kernel_;
  OperandMemory memory_;
  SampleTimer timer_;
  Rotation rotation_;
  std::vector<void*> buffers_;  ///< operand addresses, set after set
  std::size_t next_ = 0;
  SampleTimer::Plan plan_;
};

}  // namespace

std::unique_ptr<calibrate::TimedOp> timed_kernel(Device& device, const Instruments& instruments,
                                                 const cost::Op& op, Bytes reuse_distance) {
  return std::make_unique<TimedKernel>(device, instruments, op, reuse_distance);
}

}  // namespace orrery::cuda
