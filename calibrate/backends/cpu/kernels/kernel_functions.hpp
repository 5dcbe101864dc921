// The kernels themselves, one function per operator and pass: what `execute` (kernels.hpp) dispatches to.
// Pointers come in the operand order of costmodel/op.hpp. Element-wise kernels may work in place (output = an
// input).
#pragma once

#include <cstddef>
#include <cstdint>

#include "calibrate/backends/cpu/kernels/kernels.hpp"
#include "costmodel/op.hpp"

namespace orrery::cpu {

/// The product alone, without the epilogue. Not defined here: products/.
void gemm(const cost::Gemm& op, const float* a, const float* b, float* c);

void softmax_forward(const cost::Softmax& op, const float* x, float* y);
void softmax_backward(const cost::Softmax& op, const float* y, const float* dy, float* dx);

void layer_norm_forward(const cost::LayerNorm& op, const float* x, const float* gamma, const float* beta,
                        float* y, float* mean, float* rstd);
void layer_norm_backward(const cost::LayerNorm& op, const float* x, const float* gamma, const float* mean,
                         const float* rstd, const float* dy, float* dx, float* dgamma, float* dbeta);

void rms_norm_forward(const cost::RmsNorm& op, const float* x, const float* gamma, float* y, float* rstd);
void rms_norm_backward(const cost::RmsNorm& op, const float* x, const float* gamma, const float* rstd,
                       const float* dy, float* dx, float* dgamma);

/// A query that sees no key (causal, q_len > kv_len) gets o = 0, lse = -infinity and no gradient.
void attention_forward(const cost::Attention& op, const float* q, const float* k, const float* v, float* o,
                       float* lse);
/// What the backward pass takes over from the forward pass.
struct AttentionInputs {
  const float *q, *k, *v, *o, *lse;
};
void attention_backward(const cost::Attention& op, const AttentionInputs& in, const float* d_o, float* dq,
                        float* dk, float* dv);
void attention_decode(const cost::AttentionDecode& op, const float* q, const float* k_cache,
                      const float* v_cache, const std::int32_t* table, const std::int32_t* lengths, float* o);

void rotary(const cost::Rotary& op, float* x, const std::int32_t* positions);

void gelu_forward(std::int64_t size, const float* x, float* y);
void gelu_backward(std::int64_t size, const float* x, const float* dy, float* dx);
void relu_forward(std::int64_t size, const float* x, float* y);
void relu_backward(std::int64_t size, const float* y, const float* dy, float* dx);
void bias(std::int64_t rows, std::int64_t cols, float* x, const float* b);
void bias_gradient(std::int64_t rows, std::int64_t cols, const float* dy, float* db);
void add(std::int64_t size, const float* a, const float* b, float* y);
void scale(std::int64_t size, float factor, float* x);
void swiglu_forward(std::int64_t size, const float* gate, const float* up, float* y);
void swiglu_backward(std::int64_t size, const float* gate, const float* up, const float* dy, float* dgate,
                     float* dup);

void embedding_forward(const cost::Embedding& op, const std::int32_t* ids, const float* table, float* y);
void embedding_backward(const cost::Embedding& op, const std::int32_t* ids, const float* dy, float* dtable);

void cross_entropy(const cost::CrossEntropy& op, const float* logits, const std::int32_t* labels,
                   float* dlogits, float* loss);

void sgd_step(std::int64_t size, const KernelConstants& constants, float* w, const float* g);
void momentum_step(std::int64_t size, const KernelConstants& constants, float* w, const float* g,
                   float* velocity);
void adam_step(std::int64_t size, const KernelConstants& constants, float* w, const float* g, float* m,
               float* v);

void transpose(const cost::Transpose& op, const float* x, float* y);

/// Between the types' own memory formats.
void cast(const cost::Cast& op, const std::byte* x, std::byte* y);

}  // namespace orrery::cpu
