#include "costmodel/footprint.hpp"

#include <algorithm>
#include <cmath>

#include "sim/base/portable_math.hpp"

namespace orrery::cost {
namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

constexpr double kWord = 4.0;  // bytes of fp32 and int32

double real(std::int64_t count) {
  return static_cast<double>(count);
}

Footprint of_words(double rows, double elements, double moved_words, double held_words) {
  return {rows, elements, kWord * moved_words, kWord * held_words, 0.0};
}

double padded(std::int64_t extent) {
  return real((extent + kVectorLanes - 1) / kVectorLanes * kVectorLanes);
}

/// The same with rows of `cols` elements, each a loop of its own.
Footprint in_rows(Footprint footprint, std::int64_t cols) {
  footprint.tail_elements = footprint.rows * real(cols % kVectorLanes);
  return footprint;
}

/// Kinds that treat each row apart; the others run over all elements in one loop.
bool has_row_loops(ElementwiseKind kind) {
  return kind == ElementwiseKind::bias || kind == ElementwiseKind::bias_gradient;
}

// Row r sees (r mod cols) + 1 columns: whole cycles of cols rows see cols (cols + 1) / 2 each.
double causal_elements(double rows, double cols) {
  const double cycles = std::floor(rows / cols), rest = rows - cycles * cols;
  return cycles * cols * (cols + 1.0) / 2.0 + rest * (rest + 1.0) / 2.0;
}

Footprint of(const Gemm& g) {
  const double a = real(g.m) * real(g.k), b = real(g.k) * real(g.n), c = real(g.m) * real(g.n);
  const double held = real(g.batch) * (a + b + c);
  return of_words(real(g.batch), real(g.batch) * c, held + (g.accumulate ? real(g.batch) * c : 0.0), held);
}

Footprint of(const Softmax& s) {
  const double size = real(s.rows) * real(s.cols);
  const double words = (s.pass == Pass::forward ? 2.0 : 3.0) * size;
  if (!s.causal) return in_rows(of_words(real(s.rows), size, words, words), s.cols);
  Footprint causal = of_words(real(s.rows), causal_elements(real(s.rows), real(s.cols)), words, words);
  causal.tail_elements = causal.rows * 0.5 * real(kVectorLanes - 1);  // visible lengths of every remainder
  return causal;
}

Footprint of(const LayerNorm& n) {
  const double size = real(n.rows) * real(n.cols);
  const double words =
      (n.pass == Pass::forward ? 2.0 * size + 2.0 * real(n.cols) : 3.0 * size + 3.0 * real(n.cols)) +
      2.0 * real(n.rows);
  return in_rows(of_words(real(n.rows), size, words, words), n.cols);
}

Footprint of(const Elementwise& e) {
  const double size = real(e.rows) * real(e.cols), cols = real(e.cols);
  switch (e.kind) {
    case ElementwiseKind::gelu_forward:
    case ElementwiseKind::relu_forward:
      return of_words(real(e.rows), size, 2.0 * size, 2.0 * size);
    case ElementwiseKind::bias:
      return in_rows(of_words(real(e.rows), size, 2.0 * size + cols, size + cols), e.cols);
    case ElementwiseKind::bias_gradient:
      return in_rows(of_words(real(e.rows), size, size + cols, size + cols), e.cols);
    case ElementwiseKind::scale:
      return of_words(real(e.rows), size, 2.0 * size, size);
    case ElementwiseKind::gelu_backward:
    case ElementwiseKind::relu_backward:
    case ElementwiseKind::add:
      break;
  }
  return of_words(real(e.rows), size, 3.0 * size, 3.0 * size);
}

Footprint of(const Embedding& e) {
  const double size = real(e.tokens) * real(e.width);
  const double table = std::min(size, real(e.vocab) * real(e.width));
  const double held = real(e.tokens) + size + table;
  return of_words(real(e.tokens), size, held + (e.pass == Pass::backward ? table : 0.0), held);
}

Footprint of(const CrossEntropy& c) {
  const double size = real(c.rows) * real(c.classes), words = 2.0 * size + real(c.rows) + 1.0;
  return in_rows(of_words(real(c.rows), size, words, words), c.classes);
}

Footprint of(const OptimizerStep& s) {
  const double p = real(s.params);
  switch (s.kind) {
    case OptimizerKind::sgd:
      return of_words(1.0, p, 3.0 * p, 2.0 * p);
    case OptimizerKind::momentum:
      return of_words(1.0, p, 5.0 * p, 3.0 * p);
    case OptimizerKind::adam:
      break;
  }
  return of_words(1.0, p, 7.0 * p, 4.0 * p);
}

Footprint of(const Copy& c) {
  return of_words(1.0, real(c.elements), 2.0 * real(c.elements), 2.0 * real(c.elements));
}

Footprint of(const Transpose& t) {
  const double chunks = real(t.batch) * real(t.rows) * real(t.cols), size = chunks * real(t.inner);
  return of_words(chunks, size, 2.0 * size, 2.0 * size);
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

Features features(const Op& op, const Footprint& footprint, const Conditions& conditions) {
  Features f;
  const auto dimension = [&f](std::int64_t count) { f.add(portable_log(real(count))); };
  const auto dimensions = [&](auto... counts) { (dimension(counts), ...); };
  std::visit(Overloaded{
                 [&](const Gemm& g) { dimensions(g.m, g.n, g.k, g.batch); },
                 [&](const Softmax& s) { dimensions(s.rows, s.cols); },
                 [&](const LayerNorm& n) { dimensions(n.rows, n.cols); },
                 [&](const Elementwise& e) { dimensions(e.rows, e.cols); },
                 [&](const Embedding& e) { dimensions(e.tokens, e.width, e.vocab); },
                 [&](const CrossEntropy& c) { dimensions(c.rows, c.classes); },
                 [&](const OptimizerStep& s) { dimensions(s.params); },
                 [&](const Copy& c) { dimensions(c.elements); },
                 // The chunks of one batch entry stay together: [batch, rows, cols, inner] by size and chunk.
                 [&](const Transpose& t) { dimensions(t.batch, t.rows, t.cols, t.inner); },
             },
             op);
  f.add(portable_log(working_set(footprint, conditions)));
  f.add(portable_log(static_cast<double>(conditions.ranks_busy)));
  const auto padding = [&f](std::int64_t extent) { f.add(portable_log(padded(extent) / real(extent))); };
  std::visit(Overloaded{
                 [&](const Gemm& g) { padding(g.m), padding(g.n); },
                 [&](const Softmax& s) { padding(s.cols), f.add(s.causal ? 1.0 : 0.0); },
                 [&](const LayerNorm& n) { padding(n.cols); },
                 [&](const CrossEntropy& c) { padding(c.classes); },
                 [&](const Elementwise& e) { padding(has_row_loops(e.kind) ? e.cols : kVectorLanes); },
                 [](const auto&) {},
             },
             op);
  return f;
}

std::vector<std::string> feature_names(const Op& op) {
  using Names = std::vector<std::string>;
  Names names = std::visit(Overloaded{
                               [](const Gemm&) {
                                 return Names{"m", "n", "k", "batch"};
                               },
                               [](const Embedding&) {
                                 return Names{"tokens", "width", "vocab"};
                               },
                               [](const CrossEntropy&) {
                                 return Names{"rows", "classes"};
                               },
                               [](const OptimizerStep&) { return Names{"params"}; },
                               [](const Copy&) { return Names{"elements"}; },
                               [](const Transpose&) {
                                 return Names{"batch", "rows", "cols", "inner"};
                               },
                               [](const auto&) {
                                 return Names{"rows", "cols"};
                               },
                           },
                           op);
  names.insert(names.end(), {"working_set", "ranks_busy"});
  if (std::holds_alternative<Gemm>(op)) {
    names.insert(names.end(), {"padding_m", "padding_n"});
  } else if (std::holds_alternative<Softmax>(op) || std::holds_alternative<LayerNorm>(op) ||
             std::holds_alternative<CrossEntropy>(op) || std::holds_alternative<Elementwise>(op)) {
    names.emplace_back("padding");
  }
  if (std::holds_alternative<Softmax>(op)) names.emplace_back("causal");
  return names;
}

std::size_t class_index(const Op& op) {
  const auto pass = [](Pass p) { return static_cast<std::size_t>(p); };
  return std::visit(Overloaded{
                        [](const Gemm& g) { return (g.trans_a ? 2U : 0U) + (g.trans_b ? 1UL : 0UL); },
                        [&](const Softmax& s) { return 4 + pass(s.pass); },
                        [&](const LayerNorm& n) { return 6 + pass(n.pass); },
                        [&](const Embedding& e) { return 8 + pass(e.pass); },
                        [](const CrossEntropy&) { return std::size_t{10}; },
                        [](const Copy&) { return std::size_t{11}; },
                        [](const Transpose&) { return std::size_t{12}; },
                        [](const OptimizerStep& s) { return 13 + static_cast<std::size_t>(s.kind); },
                        [](const Elementwise& e) { return 16 + static_cast<std::size_t>(e.kind); },
                    },
                    op);
}

}  // namespace orrery::cost
