#include <fmt/core.h>

#include <cmath>
#include <optional>

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

class CudnnAttention : public DeviceKernel {
 public:
  CudnnAttention(const Graph& graph, const char* form, DeviceContext& context)
      : handle_(cudnn_handle()),
        workspace_(context.workspace),
        plan_(graph, {.handle = handle_, .description = {}},
              static_cast<std::int64_t>(context.workspace_bytes)),
        algorithm_(fmt::format("cudnn {} {} {}", Cudnn::get().version(), form, plan_.engine())) {}

  void launch(std::span<void* const> buffers, cudaStream_t stream) override {
    plan_.execute(handle_, stream, buffers, workspace_);
  }
  std::string algorithm() const override { return algorithm_; }

 private:
  cudnnHandle_t handle_;
  void* workspace_;
  CudnnPlan plan_;
  std::string algorithm_;
};

class OwnAttention : public DeviceKernel {
 public:
  OwnAttention(const cost::Attention& op, DeviceContext& context, const std::string& why)
      : op_(op), shape_(attention_shape(op)), dot_(static_cast<float*>(context.workspace)), why_(why) {
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
  std::string algorithm() const override {
    return why_.empty() ? "own flash kernel" : "own flash kernel: " + why_;
  }

 private:
  cost::Attention op_;
  AttentionShape shape_;
  float* dot_;
  std::string why_;
};

bool for_cudnn(const cost::Attention& op) {
  const bool half = op.dtype == cost::DType::fp16 || op.dtype == cost::DType::bf16;
  return half && (!op.causal || op.kv_len >= op.q_len);
}

/// The first line of what cuDNN said, short enough for a table.
std::string brief(const std::string& message) {
  constexpr std::size_t kLength = 160;
  const std::string line = message.substr(0, message.find('\n'));
  return line.size() <= kLength ? line : line.substr(0, kLength) + "...";
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

std::unique_ptr<DeviceKernel> make_attention(const cost::Attention& op, DeviceContext& context) {
  std::string why;
  if (for_cudnn(op)) {
    try {
      return std::make_unique<CudnnAttention>(sdpa_graph(op), "sdpa", context);
    } catch (const BackendError& error) {
      why = brief(error.what());
    }
    if (op.pass == cost::Pass::forward && !op.causal) {
      try {
        return std::make_unique<CudnnAttention>(unified_sdpa_graph(op), "unified sdpa", context);
      } catch (const BackendError&) {
        // The first refusal says more.
      }
    }
  }
  return std::make_unique<OwnAttention>(op, context, why);
}

}  // namespace orrery::cuda
