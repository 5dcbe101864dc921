#include <fmt/core.h>

#include <cmath>
#include <map>
#include <memory>

#include "calibrate/backend.hpp"
#include "calibrate/backends/cuda/attention_kernel.hpp"
#include "calibrate/backends/cuda/device_kernel.hpp"
#include "calibrate/backends/cuda/sdpa_graph.hpp"
#include "sim/base/error.hpp"

namespace orrery::cuda {
namespace {

/// One handle for the process, on the device that is current at the first call. Never destroyed: when static
/// objects go, the driver may be gone already.
cudnnHandle_t cudnn_handle() {
  static const cudnnHandle_t handle = [] {
    cudnnHandle_t created = nullptr;
    CUDNN_CHECK(Cudnn::get().cudnnCreate(&created));
    return created;
  }();
  return handle;
}

/// A graph that cuDNN has planned, or why it would not. Planning compiles kernels for some tenths of a
/// second, and a sweep comes back to each shape, so plans are kept.
struct Planned {
  std::unique_ptr<CudnnPlan> plan;
  std::string text;        ///< form and engine, or the refusal
  bool too_large = false;  ///< refused for want of memory
};

/// The first line of what cuDNN said, short enough for a table.
std::string brief(const std::string& message) {
  constexpr std::size_t kLength = 200;
  const std::string line = message.substr(0, message.find('\n'));
  return line.size() <= kLength ? line : line.substr(0, kLength) + "...";
}

Planned plan_graph(const CudnnGraph& graph, const char* form, const DeviceContext& context) {
  Planned planned;
  try {
    planned.plan = std::make_unique<CudnnPlan>(graph, PlanTarget{.handle = cudnn_handle(), .description = {}},
                                               static_cast<std::int64_t>(context.workspace_bytes));
    planned.text = fmt::format("cudnn {} {} {}", Cudnn::get().version(), form, planned.plan->engine());
  } catch (const calibrate::DoesNotFit& error) {
    planned.text = brief(error.what());
    planned.too_large = true;
  } catch (const BackendError& error) {
    planned.text = brief(error.what());
  }
  return planned;
}

/// The decomposed graph first; where it is refused, the one operation that cuDNN has for passes without a
/// mask.
const Planned& planned(const cost::Attention& op, const DeviceContext& context) {
  using Plans = std::map<cost::Attention, Planned>;
  static Plans& plans = *std::make_unique<Plans>().release();  // as the handle, never destroyed
  const auto found = plans.find(op);
  if (found != plans.end()) return found->second;
  Planned result = plan_graph(sdpa_graph(op), "sdpa", context);
  if (!result.plan && op.pass == cost::Pass::forward && !op.causal) {
    Planned unified = plan_graph(unified_sdpa_graph(op), "unified sdpa", context);
    if (unified.plan) result = std::move(unified);
  }
  return plans.emplace(op, std::move(result)).first->second;
}

class CudnnAttention : public DeviceKernel {
 public:
  CudnnAttention(const Planned& planned, DeviceContext& context)
      : planned_(planned), workspace_(context.workspace) {}

  void launch(std::span<void* const> buffers, cudaStream_t stream) override {
    planned_.plan->execute(cudnn_handle(), stream, buffers, workspace_);
  }
  std::string algorithm() const override { return planned_.text; }

 private:
  const Planned& planned_;
  void* workspace_;
};

class OwnAttention : public DeviceKernel {
 public:
  OwnAttention(const cost::Attention& op, DeviceContext& context)
      : op_(op), shape_(attention_shape(op)), dot_(static_cast<float*>(context.workspace)) {
    const std::size_t dots =
        op.pass == cost::Pass::forward ? 0 : sizeof(float) * op.batch * op.heads * op.q_len;
    if (dots > context.workspace_bytes) {
      throw calibrate::DoesNotFit(
          fmt::format("attention: {} bytes of workspace wanted, {} there", dots, context.workspace_bytes));
    }
  }

  void launch(std::span<void* const> b, cudaStream_t stream) override {
    if (op_.pass == cost::Pass::forward) {
      launch_attention(shape_, op_.dtype, AttentionForward{b[0], b[1], b[2], b[3], static_cast<float*>(b[4])},
                       stream);
    } else {
      launch_attention(shape_, op_.dtype,
                       AttentionBackward{b[0], b[1], b[2], b[3], static_cast<const float*>(b[4]), b[5], b[6],
                                         b[7], b[8], dot_},
                       stream);
    }
  }
  std::string algorithm() const override { return "own flash kernel"; }

 private:
  cost::Attention op_;
  AttentionShape shape_;
  float* dot_;
};

bool for_cudnn(const cost::Attention& op) {
  const bool half = op.dtype == cost::DType::fp16 || op.dtype == cost::DType::bf16;
  return half && (!op.causal || op.kv_len >= op.q_len);
}

bool has_cudnn() {
  try {
    cudnn_handle();
    return true;
  } catch (const BackendError&) {
    return false;
  }
}

}  // namespace

AttentionShape attention_shape(const cost::Attention& op) {
  const auto number = [](std::int64_t x) { return static_cast<int>(x); };
  return {number(op.batch),    number(op.heads),
          number(op.kv_heads), number(op.q_len),
          number(op.kv_len),   number(op.head_dim),
          op.causal,           static_cast<float>(1.0 / std::sqrt(static_cast<double>(op.head_dim)))};
}

bool supports_attention(const cost::Attention& op, const DeviceContext& context) {
  const bool type =
      op.dtype == cost::DType::fp32 || op.dtype == cost::DType::fp16 || op.dtype == cost::DType::bf16;
  return type && op.head_dim <= kOwnHeadDimMax && context.compute_capability >= 80;
}

// One class, one implementation: where cuDNN is there, a shape that it refuses is an error and no time of
// another, slower kernel slips in among its own.
std::unique_ptr<DeviceKernel> make_attention(const cost::Attention& op, DeviceContext& context) {
  if (!for_cudnn(op) || !has_cudnn()) return std::make_unique<OwnAttention>(op, context);
  const Planned& plan = planned(op, context);
  const std::string refusal = "attention " + cost::shape_text(op) + ": " + plan.text;
  if (plan.too_large) throw calibrate::DoesNotFit(refusal);
  if (!plan.plan) throw BackendError(refusal);
  if (plan.plan->workspace_bytes() > static_cast<std::int64_t>(context.workspace_bytes)) {
    throw calibrate::DoesNotFit("attention " + cost::shape_text(op) + ": its plan wants more workspace");
  }
  return std::make_unique<CudnnAttention>(plan, context);
}

}  // namespace orrery::cuda
