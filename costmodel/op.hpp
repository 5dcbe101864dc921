// An operator: one kernel call with its shape, the unit in which work is measured, predicted and executed.
// The same Op value is timed by `calibrate`, estimated by a cost model, placed in a model graph, and run by
// the reference trainer, so a gap between prediction and measurement never comes from two descriptions of the
// work.
//
// Every operator has a fixed list of operands (`operands(op)`), in the order given beside each struct; a
// kernel receives one pointer per operand in that order. All matrices are row-major and dense. Counts are
// elements.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "sim/base/units.hpp"

namespace orrery::cost {

enum class DType : std::uint8_t { fp32, int32 };
enum class Pass : std::uint8_t { forward, backward };

/// C[m,n] (+)= alpha * op(A)[m,k] * op(B)[k,n], `batch` independent products laid out one behind the other.
/// Operands: A (read), B (read), C (write, or read and write when `accumulate`).
struct Gemm {
  std::int64_t m = 1, n = 1, k = 1, batch = 1;
  bool trans_a = false, trans_b = false;  ///< A is stored [k,m] / B is stored [n,k]
  bool accumulate = false;
  auto operator<=>(const Gemm&) const = default;
};

/// Softmax over each row of x * 1/sqrt(scale_dim) (scale_dim = 0: no scaling). `causal`: row r sees the first
/// (r mod cols) + 1 columns; masked probabilities are 0.
/// Operands: forward x (read), y (write); backward y (read), dy (read), dx (write).
struct Softmax {
  std::int64_t rows = 1, cols = 1, scale_dim = 0;
  bool causal = false;
  Pass pass = Pass::forward;
  auto operator<=>(const Softmax&) const = default;
};

/// Layer normalisation of each row, epsilon 1e-5 (Ba et al. 2016).
/// Operands: forward x, gamma, beta (read), y, mean, rstd (write);
/// backward x, gamma, mean, rstd, dy (read), dx, dgamma, dbeta (write).
struct LayerNorm {
  std::int64_t rows = 1, cols = 1;
  Pass pass = Pass::forward;
  auto operator<=>(const LayerNorm&) const = default;
};

enum class ElementwiseKind : std::uint8_t {
  gelu_forward,   ///< x (read), y (write); tanh form (Hendrycks and Gimpel 2016)
  gelu_backward,  ///< x, dy (read), dx (write)
  relu_forward,   ///< x (read), y (write)
  relu_backward,  ///< y, dy (read), dx (write)
  bias,           ///< x[rows,cols] (read and write), b[cols] (read): x += b on each row
  bias_gradient,  ///< dy[rows,cols] (read), db[cols] (write): column sums
  add,            ///< a, b (read), y (write): residual connections and sums of gradients
  scale,          ///< x (read and write): multiply by a constant, as in averaging gradients over ranks
};

/// A memory-bound or transcendental-bound pass over rows x cols elements.
struct Elementwise {
  ElementwiseKind kind = ElementwiseKind::add;
  std::int64_t rows = 1, cols = 1;
  auto operator<=>(const Elementwise&) const = default;
};

/// Row look-up y[t] = table[ids[t]], and its gradient dtable[ids[t]] += dy[t].
/// Operands: forward ids (int32, read), table (read: only `tokens` rows are touched), y (write);
/// backward ids (int32, read), dy (read), dtable (read and write).
struct Embedding {
  std::int64_t tokens = 1, width = 1, vocab = 1;
  Pass pass = Pass::forward;
  auto operator<=>(const Embedding&) const = default;
};

/// Mean cross-entropy of softmax(logits) and its gradient in one kernel.
/// Operands: logits (read), labels (int32, read), dlogits (write, already divided by rows), loss[1] (write).
struct CrossEntropy {
  std::int64_t rows = 1, classes = 2;
  auto operator<=>(const CrossEntropy&) const = default;
};

enum class OptimizerKind : std::uint8_t { sgd, momentum, adam };

/// One update of `params` parameters held in one flat buffer.
/// Operands: w (read and write), g (read), then momentum: velocity (read and write); adam: m, v (read and
/// write).
struct OptimizerStep {
  OptimizerKind kind = OptimizerKind::sgd;
  std::int64_t params = 1;
  auto operator<=>(const OptimizerStep&) const = default;
};

/// Contiguous copy. Operands: x (read), y (write).
struct Copy {
  std::int64_t elements = 1;
  auto operator<=>(const Copy&) const = default;
};

/// [batch, rows, cols, inner] -> [batch, cols, rows, inner]: splitting and merging attention heads.
/// Operands: x (read), y (write).
struct Transpose {
  std::int64_t batch = 1, rows = 1, cols = 1, inner = 1;
  auto operator<=>(const Transpose&) const = default;
};

using Op = std::variant<Gemm, Softmax, LayerNorm, Elementwise, Embedding, CrossEntropy, OptimizerStep, Copy,
                        Transpose>;

enum class Access : std::uint8_t { read, write, read_write };

/// One operand of an operator: `elements` is the size of the whole buffer, `touched` how many of its elements
/// the kernel really reads or writes (smaller only for look-ups).
struct Operand {
  std::string role;  ///< "a", "dy", "gamma": the name used beside the struct
  std::int64_t elements = 0;
  std::int64_t touched = 0;
  DType dtype = DType::fp32;
  Access access = Access::read;
  Bytes bytes() const { return Bytes(4.0 * static_cast<double>(elements)); }
};

/// The operands of an operator, in kernel order.
std::vector<Operand> operands(const Op& op);

/// Floating-point operations by the usual conventions: GEMM 2mnk; the rest counts adds, multiplies and one
/// per transcendental, documented beside each case in op.cpp.
Flops flops(const Op& op);

/// Bytes that must move if nothing is cached: every touched element once per read and once per write.
Bytes traffic(const Op& op);

/// Operator class used to group measurements, fits and reports: "gemm_nn", "gemm_nt", "gemm_tn",
/// "softmax_forward", "gelu_backward", "adam", ... One fitted model belongs to each class. GEMMs that differ
/// only in `batch` or `accumulate` share a class.
std::string class_name(const Op& op);

/// The shape as it stands in measurements.csv, "m=64 n=256 k=784 batch=1": round-trips through `parse_op`.
std::string shape_text(const Op& op);

/// Inverse of class_name + shape_text. Throws ScenarioError naming the unknown class or key and the nearest
/// one.
Op parse_op(const std::string& class_name, const std::string& shape_text);

/// All class names, sorted, for reports and `orrery list operators`.
std::vector<std::string> class_names();

}  // namespace orrery::cost
