// Our own fused attention (kernels/attention.cu): what runs where cuDNN is absent or refuses, always for
// fp32, and the yardstick for cuDNN's on the device. The host's side of it: which tile fits, and the launches
// as functions that attention.cpp calls.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "costmodel/op.hpp"

namespace orrery::cuda {

/// What the kernels need of an Attention, as plain numbers.
struct AttentionShape {
  int batch, heads, kv_heads, q_len, kv_len, head_dim;
  bool causal;
  float scale;
};
AttentionShape attention_shape(const cost::Attention& op);

/// Largest head_dim of our own kernels.
inline constexpr std::int64_t kOwnHeadDimMax = 256;

struct AttentionForward {
  const void *q, *k, *v;
  void* o;
  float* lse;
};
struct AttentionBackward {
  const void *q, *k, *v, *o;
  const float* lse;
  const void* d_o;
  void *dq, *dk, *dv;
  float* dot;  ///< scratch: one number for each row, [batch, heads, q_len]
};

/// Enqueue the kernels; REQUIRES fp32, fp16 or bf16 and head_dim <= kOwnHeadDimMax. Throw BackendError.
void launch_attention(const AttentionShape& shape, cost::DType dtype, const AttentionForward& tensors,
                      cudaStream_t stream);
void launch_attention(const AttentionShape& shape, cost::DType dtype, const AttentionBackward& tensors,
                      cudaStream_t stream);

}  // namespace orrery::cuda
