// An operator: one kernel call with its shape, the unit in which work is measured, predicted and executed.
// The same Op value is timed by `calibrate`, estimated by a cost model, placed in a model graph, and run by
// the reference trainer, so a gap between prediction and measurement never comes from two descriptions of the
// work.
//
// Every operator has a fixed list of operands (`operands(op)`), in the order given beside each struct; a
// kernel receives one pointer per operand in that order. All matrices are row-major and dense. Counts are
// elements.
//
// `dtype` is the type of the tensors; statistics (mean, rstd, lse), losses and the sums of gradients over
// rows (dgamma, dbeta, db, dtable) are fp32 whatever it is.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "sim/base/units.hpp"

namespace orrery::cost {

/// tf32 is fp32 in memory with the matrix units' shortened multiplication; fp8 is e4m3.
enum class DType : std::uint8_t { fp32, int32, tf32, fp16, bf16, fp8 };
enum class Pass : std::uint8_t { forward, backward };

/// Bytes of one element in memory.
constexpr std::int64_t bytes_of(DType dtype) {
  switch (dtype) {
    case DType::fp16:
    case DType::bf16:
      return 2;
    case DType::fp8:
      return 1;
    default:
      return 4;
  }
}
std::string name(DType dtype);
/// Throws ScenarioError with the nearest name.
DType dtype_of(const std::string& name);

/// C[m,n] (+)= alpha * op(A)[m,k] * op(B)[k,n], `batch` independent products laid out one behind the other.
/// `bias` adds b[n] to each row of the product, `gelu` (only with bias) then applies the tanh GELU. An fp8
/// product writes C and reads b in bf16.
/// Operands: A (read), B (read), C (write, or read and write when `accumulate`), with `bias` b (read).
struct Gemm {
  std::int64_t m = 1, n = 1, k = 1, batch = 1;
  bool trans_a = false, trans_b = false;  ///< A is stored [k,m] / B is stored [n,k]
  bool accumulate = false;
  bool bias = false, gelu = false;
  DType dtype = DType::fp32;
  auto operator<=>(const Gemm&) const = default;
};

/// Softmax over each row of x * 1/sqrt(scale_dim) (scale_dim = 0: no scaling). `causal`: row r sees the first
/// (r mod cols) + 1 columns; masked probabilities are 0.
/// Operands: forward x (read), y (write); backward y (read), dy (read), dx (write).
struct Softmax {
  std::int64_t rows = 1, cols = 1, scale_dim = 0;
  bool causal = false;
  Pass pass = Pass::forward;
  DType dtype = DType::fp32;
  auto operator<=>(const Softmax&) const = default;
};

/// Layer normalisation of each row, epsilon 1e-5 (Ba et al. 2016).
/// Operands: forward x, gamma, beta (read), y, mean, rstd (write);
/// backward x, gamma, mean, rstd, dy (read), dx, dgamma, dbeta (write).
struct LayerNorm {
  std::int64_t rows = 1, cols = 1;
  Pass pass = Pass::forward;
  DType dtype = DType::fp32;
  auto operator<=>(const LayerNorm&) const = default;
};

/// Root-mean-square normalisation of each row, epsilon 1e-5 (Zhang and Sennrich 2019).
/// Operands: forward x, gamma (read), y, rstd (write); backward x, gamma, rstd, dy (read), dx, dgamma
/// (write).
struct RmsNorm {
  std::int64_t rows = 1, cols = 1;
  Pass pass = Pass::forward;
  DType dtype = DType::fp32;
  auto operator<=>(const RmsNorm&) const = default;
};

enum class ElementwiseKind : std::uint8_t {
  gelu_forward,     ///< x (read), y (write); tanh form (Hendrycks and Gimpel 2016)
  gelu_backward,    ///< x, dy (read), dx (write)
  relu_forward,     ///< x (read), y (write)
  relu_backward,    ///< y, dy (read), dx (write)
  bias,             ///< x[rows,cols] (read and write), b[cols] (read): x += b on each row
  bias_gradient,    ///< dy[rows,cols] (read), db[cols] (write): column sums
  add,              ///< a, b (read), y (write): residual connections and sums of gradients
  scale,            ///< x (read and write): multiply by a constant, as in averaging gradients over ranks
  swiglu_forward,   ///< gate, up (read), y (write): y = gate sigmoid(gate) up (Shazeer 2020)
  swiglu_backward,  ///< gate, up, dy (read), dgate, dup (write)
};

/// A memory-bound or transcendental-bound pass over rows x cols elements.
struct Elementwise {
  ElementwiseKind kind = ElementwiseKind::add;
  std::int64_t rows = 1, cols = 1;
  DType dtype = DType::fp32;
  auto operator<=>(const Elementwise&) const = default;
};

/// Row look-up y[t] = table[ids[t]], and its gradient dtable[ids[t]] += dy[t].
/// Operands: forward ids (int32, read), table (read: only `tokens` rows are touched), y (write);
/// backward ids (int32, read), dy (read), dtable (read and write).
struct Embedding {
  std::int64_t tokens = 1, width = 1, vocab = 1;
  Pass pass = Pass::forward;
  DType dtype = DType::fp32;
  auto operator<=>(const Embedding&) const = default;
};

/// Mean cross-entropy of softmax(logits) and its gradient in one kernel.
/// Operands: logits (read), labels (int32, read), dlogits (write, already divided by rows), loss[1] (write).
struct CrossEntropy {
  std::int64_t rows = 1, classes = 2;
  DType dtype = DType::fp32;
  auto operator<=>(const CrossEntropy&) const = default;
};

enum class OptimizerKind : std::uint8_t { sgd, momentum, adam };

/// One update of `params` parameters held in one flat buffer.
/// Operands: w (read and write), g (read), then momentum: velocity (read and write); adam: m, v (read and
/// write). With another dtype than fp32 (mixed precision, Micikevicius et al. 2018) w and the states stay
/// fp32, g is read in that type, and a last operand `copy` (write) receives the new weights in it.
struct OptimizerStep {
  OptimizerKind kind = OptimizerKind::sgd;
  std::int64_t params = 1;
  DType dtype = DType::fp32;
  auto operator<=>(const OptimizerStep&) const = default;
};

/// Where a copy goes: within the device, or over the host's bus, from or to pinned or pageable memory.
enum class CopyKind : std::uint8_t { device, h2d, d2h, h2d_pageable, d2h_pageable };

/// Contiguous copy of fp32 words. Operands: x (read), y (write).
struct Copy {
  std::int64_t elements = 1;
  CopyKind kind = CopyKind::device;
  auto operator<=>(const Copy&) const = default;
};

/// [batch, rows, cols, inner] -> [batch, cols, rows, inner]: splitting and merging attention heads.
/// Operands: x (read), y (write).
struct Transpose {
  std::int64_t batch = 1, rows = 1, cols = 1, inner = 1;
  DType dtype = DType::fp32;
  auto operator<=>(const Transpose&) const = default;
};

/// softmax(q k^T / sqrt(head_dim)) v in one kernel (Dao et al. 2022); each group of heads / kv_heads query
/// heads shares one key and value head. `causal`: query i sees the first kv_len - q_len + i + 1 keys.
/// Layout [batch, length, heads, head_dim]; lse [batch, heads, q_len] is the logarithm of each row's sum.
/// Operands: forward q, k, v (read), o, lse (write); backward q, k, v, o, lse, do (read), dq, dk, dv (write).
struct Attention {
  std::int64_t batch = 1, heads = 1, kv_heads = 1, q_len = 1, kv_len = 1, head_dim = 64;
  bool causal = false;
  Pass pass = Pass::forward;
  DType dtype = DType::fp32;
  auto operator<=>(const Attention&) const = default;
};

/// Attention of one new token per sequence over `context` cached ones, the cache in pages of `block` tokens
/// (Kwon et al. 2023). Caches are [pages, block, kv_heads, head_dim], q and o [sequences, heads, head_dim].
/// Operands: q, k_cache, v_cache, table (int32 [sequences, pages of a sequence], read), lengths (int32,
/// read), o (write).
struct AttentionDecode {
  std::int64_t sequences = 1, heads = 1, kv_heads = 1, context = 1, head_dim = 64, block = 16;
  DType dtype = DType::fp32;
  std::int64_t pages() const { return (context + block - 1) / block; }  ///< of one sequence
  auto operator<=>(const AttentionDecode&) const = default;
};

/// Rotary position embedding (Su et al. 2021): element i of a head is rotated with element i + head_dim/2 by
/// position 10000^(-2i/head_dim); backward rotates the other way.
/// Operands: x [tokens, heads, head_dim] (read and write), positions (int32 [tokens], read).
struct Rotary {
  std::int64_t tokens = 1, heads = 1, head_dim = 64;
  Pass pass = Pass::forward;
  DType dtype = DType::fp32;
  auto operator<=>(const Rotary&) const = default;
};

/// Change of type, rounding to nearest. Operands: x (`from`, read), y (`to`, write).
struct Cast {
  std::int64_t elements = 1;
  DType from = DType::fp32, to = DType::bf16;
  auto operator<=>(const Cast&) const = default;
};

/// `kernels` of the smallest kernel there is, one behind the other: what a launch costs; `graph`: recorded
/// once and replayed as one graph. Operand: x[1] (read and write); each kernel adds 1 to it.
struct Launch {
  std::int64_t kernels = 1;
  bool graph = false;
  auto operator<=>(const Launch&) const = default;
};

using Op = std::variant<Gemm, Softmax, LayerNorm, Elementwise, Embedding, CrossEntropy, OptimizerStep, Copy,
                        Transpose, RmsNorm, Attention, AttentionDecode, Rotary, Cast, Launch>;

/// Type of the tensors that the operator works on; of a cast what it writes, of copies and launches fp32.
DType dtype(const Op& op);
/// The same operator on other tensors. REQUIRES: the operator has a dtype of its own, or `dtype` is fp32.
Op with_dtype(Op op, DType dtype);
/// True when the type is a property of the operator: all but casts, copies and launches.
bool has_dtype(const Op& op);

enum class Access : std::uint8_t { read, write, read_write };

/// Pairs of query and key that see each other, per batch entry and head.
double visible_pairs(const Attention& attention);

/// One operand of an operator: `elements` is the size of the whole buffer, `touched` how many of its elements
/// the kernel really reads or writes (smaller only for look-ups).
struct Operand {
  std::string role;  ///< "a", "dy", "gamma": the name used beside the struct
  std::int64_t elements = 0;
  std::int64_t touched = 0;
  DType dtype = DType::fp32;
  Access access = Access::read;
  Bytes bytes() const { return Bytes(static_cast<double>(elements * bytes_of(dtype))); }
  Bytes touched_bytes() const { return Bytes(static_cast<double>(touched * bytes_of(dtype))); }
};

/// The operands of an operator, in kernel order.
std::vector<Operand> operands(const Op& op);

/// Floating-point operations by the usual conventions: GEMM 2mnk; the rest counts adds, multiplies and one
/// per transcendental, documented beside each case in operands.cpp.
Flops flops(const Op& op);

/// Bytes that must move if nothing is cached: every touched element once per read and once per write.
Bytes traffic(const Op& op);

/// Operator class used to group measurements, fits and reports: "gemm_nn", "gemm_nt", "gemm_tn",
/// "softmax_forward", "gelu_backward", "adam", ... One fitted model belongs to each class. GEMMs that differ
/// only in `batch`, `accumulate` or epilogue share a class. Another dtype than fp32 is a class of its own:
/// "gemm_nn_bf16".
std::string class_name(const Op& op);
/// The same without the type: "gemm_nn".
std::string base_name(const Op& op);

/// The shape as it stands in measurements.csv, "m=64 n=256 k=784 batch=1": round-trips through `parse_op`.
std::string shape_text(const Op& op);

/// Inverse of class_name + shape_text. Throws ScenarioError naming the unknown class or key and the nearest
/// one.
Op parse_op(const std::string& class_name, const std::string& shape_text);

/// All base names, sorted, for reports and `orrery list operators`: the fp32 classes and casts.
std::vector<std::string> class_names();

}  // namespace orrery::cost
