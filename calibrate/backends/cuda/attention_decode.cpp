#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "calibrate/backends/cuda/decode_kernel.hpp"
#include "calibrate/backends/cuda/device_kernel.hpp"

namespace orrery::cuda {
namespace {

std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

class PagedDecode : public DeviceKernel {
 public:
  PagedDecode(const cost::AttentionDecode& op, DeviceContext& context)
      : dtype_(op.dtype),
        shape_(decode_shape(op)),
        plan_(decode_plan(op, context.sm_count, context.workspace_bytes)),
        scratch_(static_cast<float*>(context.workspace)) {}

  void launch(std::span<void* const> b, cudaStream_t stream) override {
    launch_decode(shape_, plan_, dtype_,
                  DecodeTensors{b[0], b[1], b[2], static_cast<const std::int32_t*>(b[3]),
                                static_cast<const std::int32_t*>(b[4]), b[5], scratch_},
                  stream);
  }
  std::string algorithm() const override {
    return fmt::format("own paged decode kernel heads {} splits {} of {}", plan_.heads_per_block,
                       plan_.splits, plan_.part);
  }

 private:
  cost::DType dtype_;
  DecodeShape shape_;
  DecodePlan plan_;
  float* scratch_;
};

}  // namespace

bool decode_supports(const cost::AttentionDecode& op) {
  return op.head_dim == 64 || op.head_dim == 128 || op.head_dim == 256;
}

DecodeShape decode_shape(const cost::AttentionDecode& op) {
  const auto number = [](std::int64_t x) { return static_cast<int>(x); };
  const auto block = static_cast<std::uint64_t>(op.block);
  return {number(op.sequences),
          number(op.heads),
          number(op.kv_heads),
          number(op.head_dim),
          number(op.block),
          number(op.pages()),
          std::has_single_bit(block) ? std::countr_zero(block) : -1,
          static_cast<float>(1.0 / std::sqrt(static_cast<double>(op.head_dim)))};
}

DecodePlan decode_plan(const cost::AttentionDecode& op, int sm_count, std::size_t workspace_bytes) {
  constexpr std::int64_t kHeadsMax = 8, kBlocksPerSm = 4, kPartMin = 128;
  DecodePlan plan;
  const std::int64_t group = op.heads / op.kv_heads;
  while (plan.heads_per_block < kHeadsMax && group % (2 * plan.heads_per_block) == 0)
    plan.heads_per_block *= 2;
  plan.head_blocks = static_cast<int>(op.heads / plan.heads_per_block);

  const std::int64_t blocks = op.sequences * plan.head_blocks;
  const auto split_bytes =
      static_cast<std::int64_t>(sizeof(float)) * op.sequences * op.heads * (op.head_dim + 2);
  const std::int64_t wanted = ceil_div(kBlocksPerSm * std::max(sm_count, 1), blocks);
  const std::int64_t fits = static_cast<std::int64_t>(workspace_bytes) / split_bytes;
  const std::int64_t splits =
      std::max<std::int64_t>(1, std::min({wanted, ceil_div(op.context, kPartMin), fits}));
  plan.part = static_cast<int>(ceil_div(op.context, splits));
  plan.splits = static_cast<int>(ceil_div(op.context, plan.part));
  plan.scratch_bytes = plan.splits == 1 ? 0 : static_cast<std::size_t>(split_bytes * plan.splits);
  return plan;
}

bool supports_attention_decode(const cost::AttentionDecode& op, const DeviceContext& context) {
  const bool type =
      op.dtype == cost::DType::fp32 || op.dtype == cost::DType::fp16 || op.dtype == cost::DType::bf16;
  return type && decode_supports(op) && context.compute_capability >= 80;
}

std::unique_ptr<DeviceKernel> make_attention_decode(const cost::AttentionDecode& op, DeviceContext& context) {
  return std::make_unique<PagedDecode>(op, context);
}

}  // namespace orrery::cuda
