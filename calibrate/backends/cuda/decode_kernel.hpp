// The host's side of paged decode attention (kernels/attention_decode.cu): how a decode step is cut into
// blocks and what scratch memory its partial results need. Few sequences would leave most of the GPU idle, so
// the context is cut into `splits` parts whose results a second kernel combines (the idea of flash-decoding,
// Dao et al. 2023).
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

#include "costmodel/op.hpp"

namespace orrery::cuda {

struct DecodePlan {
  int heads_per_block = 1;  ///< query heads that share the loaded keys and values: 1, 2, 4 or 8
  int head_blocks = 1;      ///< blocks in y: kv_heads times the parts of a group
  int splits = 1;           ///< parts of the context; 1: no second kernel
  int part = 1;             ///< tokens of a part
  std::size_t scratch_bytes = 0;
};

/// About four blocks a multiprocessor, parts of at least 128 tokens, scratch memory within `workspace_bytes`.
DecodePlan decode_plan(const cost::AttentionDecode& op, int sm_count, std::size_t workspace_bytes);

/// head_dim 64, 128 or 256.
bool decode_supports(const cost::AttentionDecode& op);

/// The operator as plain numbers.
struct DecodeShape {
  int sequences, heads, kv_heads, head_dim, block, pages;
  int block_shift;  ///< log2(block), -1 when block is no power of two
  float scale;
};
DecodeShape decode_shape(const cost::AttentionDecode& op);

struct DecodeTensors {
  const void *q, *k_cache, *v_cache;
  const std::int32_t *table, *lengths;
  void* o;
  float* scratch;
};

/// Enqueues the kernels; REQUIRES fp32, fp16 or bf16 and decode_supports. Throws BackendError.
void launch_decode(const DecodeShape& shape, const DecodePlan& plan, cost::DType dtype,
                   const DecodeTensors& tensors, cudaStream_t stream);

}  // namespace orrery::cuda
