// Fused attention as a cuDNN graph: which products, sums and point operations stand behind softmax(q k^T /
// sqrt(d)) v and its gradient, with the tensors' sizes and strides in Orrery's layout [batch, length, heads,
// head_dim]. Plain data: the tests compute these graphs on small tensors, and ask cuDNN (where its library
// is) to plan them for a described device.
#pragma once

#include "calibrate/backends/cuda/cudnn_plan.hpp"
#include "costmodel/op.hpp"

namespace orrery::cuda {

/// Sizes as cuDNN wants them ([batch, heads, length, head_dim]) with the strides of our layout.
struct SdpaTensor {
  Dims dims, strides;
};
SdpaTensor sdpa_tensor(std::int64_t batch, std::int64_t heads, std::int64_t length, std::int64_t head_dim);
/// The same with length and head_dim exchanged: the transposed matrix in the same memory.
SdpaTensor transposed(const SdpaTensor& tensor);

/// The decomposed graph, forward or backward as `op.pass` says.
/// REQUIRES: fp16 or bf16; causal only with kv_len >= q_len (else rows without keys are not a number).
CudnnGraph sdpa_graph(const cost::Attention& op);

/// The forward pass as cuDNN's one unified operation, which knows no mask. REQUIRES: forward, not causal.
CudnnGraph unified_sdpa_graph(const cost::Attention& op);

}  // namespace orrery::cuda
