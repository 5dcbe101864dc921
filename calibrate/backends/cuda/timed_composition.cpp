#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "calibrate/backends/cuda/kernel_factory.hpp"
#include "calibrate/backends/cuda/operand_plan.hpp"
#include "calibrate/backends/cuda/timed_kernel.hpp"
#include "calibrate/backends/cuda/timed_sample.hpp"

namespace orrery::cuda {
namespace {

constexpr std::size_t kLaneWorkspaceBytes = std::size_t{64} << 20;

/// A stream beside the device's own, with scratch memory of its own, because lanes run at the same time.
struct SideLane {
  SideLane(const DeviceContext& shared, OperandMemory& memory) : context(shared) {
    context.stream = stream.get();
    context.workspace_bytes = std::min(shared.workspace_bytes, kLaneWorkspaceBytes);
    context.workspace = memory.take(Placement::device, context.workspace_bytes);
  }
  Stream stream;
  Event done{false};
  DeviceContext context;
};

class TimedComposition : public calibrate::TimedOp {
 public:
  TimedComposition(Device& device, const Instruments& instruments, const calibrate::Composition& composition)
      : device_(device),
        memory_(device.arena()),
        timer_(device, instruments, composition.name + (composition.as_graph ? " as graph" : "")) {
    allocate(composition);
    std::set<int> numbers;
    for (const calibrate::CompositionStep& step : composition.steps) numbers.insert(step.lane);
    const std::vector<int> order(numbers.begin(), numbers.end());
    for (std::size_t i = 1; i < order.size(); ++i) {
      lanes_.push_back(std::make_unique<SideLane>(device.context(), memory_));
    }
    for (const calibrate::CompositionStep& step : composition.steps) {
      const auto lane = std::lower_bound(order.begin(), order.end(), step.lane) - order.begin();
      add_step(step, static_cast<std::size_t>(lane));
    }
    device_.synchronize();
    enqueue(device_.stream());  // loads code, which a recording must not do
    device_.synchronize();
    if (composition.as_graph) {
      graph_.emplace([this](cudaStream_t stream) { enqueue(stream); });
    }
  }
  ~TimedComposition() override { cudaDeviceSynchronize(); }

  Seconds run() override {
    return Seconds(timer_.sample({}, [this] { replay(); }));
  }

  calibrate::Telemetry telemetry() override {
    return timer_.telemetry(graph_ ? "graph" : "", [this] { replay(); });
  }

 private:
  struct Step {
    std::unique_ptr<DeviceKernel> kernel;
    std::vector<void*> buffers;
    std::size_t lane;  ///< 0: the main stream, else lanes_[lane - 1]
  };

  void allocate(const calibrate::Composition& composition) {
    const std::vector<TensorPlan> plans = plan_tensors(composition);
    for (std::size_t i = 0; i < plans.size(); ++i) {
      const TensorPlan& plan = plans[i];
      const calibrate::CompositionTensor& tensor = composition.tensors[i];
      const auto bytes = static_cast<std::size_t>(tensor.elements * cost::bytes_of(tensor.dtype));
      tensors_.push_back(memory_.take(plan.placement, bytes));
      if (!plan.used) continue;
      const cost::Op& op = composition.steps[plan.step].op;
      const cost::Operand operand = cost::operands(op)[plan.operand];
      fill(tensors_.back(), op, operand, {plan.placement, plan.fill, tensor.elements, 1 + i},
           device_.stream());
    }
  }

  void add_step(const calibrate::CompositionStep& step, std::size_t lane) {
    DeviceContext& context = lane == 0 ? device_.context() : lanes_[lane - 1]->context;
    Step made{make_kernel(step.op, context), {}, lane};
    for (const std::size_t tensor : step.operands) made.buffers.push_back(tensors_[tensor]);
    steps_.push_back(std::move(made));
  }

  /// `stream` is the main lane's: the device's, or one that records.
  void enqueue(cudaStream_t stream) {
    if (!lanes_.empty()) fork_.record(stream);
    for (const auto& lane : lanes_) fork_.hold_back(lane->stream.get());
    for (Step& step : steps_) {
      step.kernel->launch(step.buffers, step.lane == 0 ? stream : lanes_[step.lane - 1]->stream.get());
    }
    for (const auto& lane : lanes_) {
      lane->done.record(lane->stream.get());
      lane->done.hold_back(stream);
    }
  }

  void replay() {
    if (graph_) return graph_->launch(device_.stream());
    enqueue(device_.stream());
  }

  Device& device_;
  OperandMemory memory_;
  SampleTimer timer_;
  std::vector<void*> tensors_;
  std::vector<std::unique_ptr<SideLane>> lanes_;
  Event fork_{false};
  std::vector<Step> steps_;
  std::optional<Graph> graph_;
};

}  // namespace

std::unique_ptr<calibrate::TimedOp> timed_composition(Device& device, const Instruments& instruments,
                                                      const calibrate::Composition& composition) {
  return std::make_unique<TimedComposition>(device, instruments, composition);
}

}  // namespace orrery::cuda
