#include "costmodel/footprint.hpp"

#include <algorithm>
#include <cmath>

#include "costmodel/overloaded.hpp"
#include "costmodel/row_loops.hpp"

namespace orrery::cost {
namespace {

double real(std::int64_t count) {
  return static_cast<double>(count);
}

constexpr double kSingle = 4.0;  // bytes of fp32 and int32

double width(DType dtype) {
  return static_cast<double>(bytes_of(dtype));
}

Footprint of_bytes(double rows, double elements, double moved, double held) {
  return {rows, elements, moved, held, 0.0};
}

/// All operands of one type.
Footprint of_words(DType dtype, double rows, double elements, double moved_words, double held_words) {
  return of_bytes(rows, elements, width(dtype) * moved_words, width(dtype) * held_words);
}

/// The same with rows of `cols` elements, each a loop of its own.
Footprint in_rows(Footprint footprint, std::int64_t cols) {
  footprint.tail_elements = footprint.rows * real(cols % kVectorLanes);
  return footprint;
}

// Row r sees (r mod cols) + 1 columns: whole cycles of cols rows see cols (cols + 1) / 2 each.
double causal_elements(double rows, double cols) {
  const double cycles = std::floor(rows / cols), rest = rows - cycles * cols;
  return cycles * cols * (cols + 1.0) / 2.0 + rest * (rest + 1.0) / 2.0;
}

Footprint of(const Gemm& g) {
  const double a = real(g.m) * real(g.k), b = real(g.k) * real(g.n), c = real(g.m) * real(g.n);
  const double in = width(g.dtype), out = width(g.dtype == DType::fp8 ? DType::bf16 : g.dtype);
  const double batch = real(g.batch), written = batch * c * out;
  const double held = batch * (a + b) * in + written + (g.bias ? out * real(g.n) : 0.0);
  return of_bytes(batch, batch * c, held + (g.accumulate ? written : 0.0), held);
}

Footprint of(const Softmax& s) {
  const double size = real(s.rows) * real(s.cols);
  const double words = (s.pass == Pass::forward ? 2.0 : 3.0) * size;
  if (!s.causal) return in_rows(of_words(s.dtype, real(s.rows), size, words, words), s.cols);
  Footprint causal =
      of_words(s.dtype, real(s.rows), causal_elements(real(s.rows), real(s.cols)), words, words);
  causal.tail_elements = causal.rows * 0.5 * real(kVectorLanes - 1);  // visible lengths of every remainder
  return causal;
}

Footprint of(const LayerNorm& n) {
  const double size = real(n.rows) * real(n.cols), cols = real(n.cols), w = width(n.dtype);
  const double statistics = kSingle * 2.0 * real(n.rows);
  const double bytes = n.pass == Pass::forward ? w * (2.0 * size + 2.0 * cols) + statistics
                                               : w * (3.0 * size + cols) + kSingle * 2.0 * cols + statistics;
  return in_rows(of_bytes(real(n.rows), size, bytes, bytes), n.cols);
}

Footprint of(const RmsNorm& n) {
  const double size = real(n.rows) * real(n.cols), cols = real(n.cols), w = width(n.dtype);
  const double statistics = kSingle * real(n.rows);
  const double bytes = n.pass == Pass::forward ? w * (2.0 * size + cols) + statistics
                                               : w * (3.0 * size + cols) + kSingle * cols + statistics;
  return in_rows(of_bytes(real(n.rows), size, bytes, bytes), n.cols);
}

/// Operands of a whole matrix each, by kind; bias and its gradient also have a row.
double matrices(ElementwiseKind kind) {
  switch (kind) {
    case ElementwiseKind::scale:
    case ElementwiseKind::bias:
    case ElementwiseKind::bias_gradient:
      return 1.0;
    case ElementwiseKind::gelu_forward:
    case ElementwiseKind::relu_forward:
      return 2.0;
    case ElementwiseKind::swiglu_backward:
      return 5.0;
    default:
      return 3.0;
  }
}

Footprint of(const Elementwise& e) {
  const double size = real(e.rows) * real(e.cols), cols = real(e.cols), w = width(e.dtype);
  const bool in_place = e.kind == ElementwiseKind::scale || e.kind == ElementwiseKind::bias;
  double held = w * matrices(e.kind) * size;
  if (e.kind == ElementwiseKind::bias) held += w * cols;
  if (e.kind == ElementwiseKind::bias_gradient) held += kSingle * cols;
  const Footprint f = of_bytes(real(e.rows), size, held + (in_place ? w * size : 0.0), held);
  return has_row_loops(e.kind) ? in_rows(f, e.cols) : f;
}

Footprint of(const Embedding& e) {
  const double size = real(e.tokens) * real(e.width), w = width(e.dtype);
  const double table = std::min(size, real(e.vocab) * real(e.width));
  if (e.pass == Pass::forward) {
    const double bytes = kSingle * real(e.tokens) + w * (size + table);
    return of_bytes(real(e.tokens), size, bytes, bytes);
  }
  const double held = kSingle * (real(e.tokens) + table) + w * size;
  return of_bytes(real(e.tokens), size, held + kSingle * table, held);
}

Footprint of(const CrossEntropy& c) {
  const double size = real(c.rows) * real(c.classes);
  const double bytes = 2.0 * size * width(c.dtype) + kSingle * (real(c.rows) + 1.0);
  return in_rows(of_bytes(real(c.rows), size, bytes, bytes), c.classes);
}

Footprint of(const OptimizerStep& s) {
  const double p = real(s.params), states = s.kind == OptimizerKind::adam       ? 2.0
                                            : s.kind == OptimizerKind::momentum ? 1.0
                                                                                : 0.0;
  const double copy = s.dtype == DType::fp32 ? 0.0 : width(s.dtype) * p;
  const double kept = kSingle * (1.0 + states) * p;  // weights and states, read and written
  const double once = width(s.dtype) * p + copy;
  return of_bytes(1.0, p, 2.0 * kept + once, kept + once);
}

Footprint of(const Copy& c) {
  return of_words(DType::fp32, 1.0, real(c.elements), 2.0 * real(c.elements), 2.0 * real(c.elements));
}

Footprint of(const Transpose& t) {
  const double chunks = real(t.batch) * real(t.rows) * real(t.cols), size = chunks * real(t.inner);
  return of_words(t.dtype, chunks, size, 2.0 * size, 2.0 * size);
}

// Rows are the queries of all heads; elements the pairs that are worked on, times the width of a head.
Footprint of(const Attention& a) {
  const double query = real(a.batch * a.q_len * a.heads * a.head_dim);
  const double key = real(a.batch * a.kv_len * a.kv_heads * a.head_dim);
  const double sums = kSingle * real(a.batch * a.heads * a.q_len);
  const double held =
      width(a.dtype) * (a.pass == Pass::forward ? 2.0 * query + 2.0 * key : 4.0 * query + 4.0 * key) + sums;
  return of_bytes(real(a.batch * a.heads * a.q_len),
                  real(a.batch * a.heads) * visible_pairs(a) * real(a.head_dim), held, held);
}

Footprint of(const AttentionDecode& a) {
  const double query = real(a.sequences * a.heads * a.head_dim);
  const double cache = 2.0 * real(a.sequences) * real(a.context) * real(a.kv_heads * a.head_dim);
  const double held =
      width(a.dtype) * (2.0 * query + cache) + kSingle * real(a.sequences) * (real(a.pages()) + 1.0);
  return of_bytes(real(a.sequences * a.heads),
                  real(a.sequences * a.heads) * real(a.context) * real(a.head_dim), held, held);
}

Footprint of(const Rotary& r) {
  const double size = real(r.tokens * r.heads * r.head_dim), w = width(r.dtype);
  const double positions = kSingle * real(r.tokens);
  return of_bytes(real(r.tokens * r.heads), size, 2.0 * w * size + positions, w * size + positions);
}

Footprint of(const Cast& c) {
  const double bytes = real(c.elements) * (width(c.from) + width(c.to));
  return of_bytes(1.0, real(c.elements), bytes, bytes);
}

// Each kernel is a row: its launch is all there is.
Footprint of(const Launch& l) {
  return of_bytes(real(l.kernels), real(l.kernels), 2.0 * kSingle, kSingle);
}

}  // namespace

Footprint footprint(const Op& op) {
  return std::visit([](const auto& o) { return of(o); }, op);
}

double working_set(const Footprint& footprint, const Conditions& conditions) {
  return std::max(footprint.operand_bytes, conditions.reuse_distance.value());
}

Seconds rotation_time(const Footprint& footprint, Bytes distance, Seconds call) {
  return call * (distance.value() / footprint.operand_bytes);
}

}  // namespace orrery::cost
