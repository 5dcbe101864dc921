// Where an operator stands among the measured ones: features, their names, and the index of its class.
#include "costmodel/footprint.hpp"
#include "costmodel/overloaded.hpp"
#include "costmodel/row_loops.hpp"
#include "sim/base/portable_math.hpp"

namespace orrery::cost {
namespace {

double real(std::int64_t count) {
  return static_cast<double>(count);
}

double padded(std::int64_t extent) {
  return real((extent + kVectorLanes - 1) / kVectorLanes * kVectorLanes);
}

}  // namespace

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
                 [&](const RmsNorm& n) { dimensions(n.rows, n.cols); },
                 [&](const Attention& a) { dimensions(a.batch * a.heads, a.q_len, a.kv_len, a.head_dim); },
                 [&](const AttentionDecode& a) {
                   dimensions(a.sequences * a.heads, a.context, a.head_dim, a.heads / a.kv_heads);
                 },
                 [&](const Rotary& r) { dimensions(r.tokens * r.heads, r.head_dim); },
                 [&](const Cast& c) { dimensions(c.elements); },
                 [&](const Launch& l) { dimensions(l.kernels); },
             },
             op);
  f.add(portable_log(working_set(footprint, conditions)));
  f.add(portable_log(static_cast<double>(conditions.ranks_busy)));
  const auto padding = [&f](std::int64_t extent) { f.add(portable_log(padded(extent) / real(extent))); };
  std::visit(Overloaded{
                 [&](const Gemm& g) { padding(g.m), padding(g.n); },
                 [&](const Softmax& s) { padding(s.cols), f.add(s.causal ? 1.0 : 0.0); },
                 [&](const LayerNorm& n) { padding(n.cols); },
                 [&](const RmsNorm& n) { padding(n.cols); },
                 [&](const Attention& a) { f.add(a.causal ? 1.0 : 0.0); },
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
                               [](const Cast&) { return Names{"elements"}; },
                               [](const Launch&) { return Names{"kernels"}; },
                               [](const Attention&) {
                                 return Names{"batch_heads", "q_len", "kv_len", "head_dim"};
                               },
                               [](const AttentionDecode&) {
                                 return Names{"sequences_heads", "context", "head_dim", "group"};
                               },
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
             std::holds_alternative<RmsNorm>(op) || std::holds_alternative<CrossEntropy>(op) ||
             std::holds_alternative<Elementwise>(op)) {
    names.emplace_back("padding");
  }
  if (std::holds_alternative<Softmax>(op) || std::holds_alternative<Attention>(op))
    names.emplace_back("causal");
  return names;
}

namespace {

constexpr std::size_t kTypes = 6;  // of DType

std::size_t base_index(const Op& op) {
  const auto number = [](auto kind) { return static_cast<std::size_t>(kind); };
  return std::visit(Overloaded{
                        [](const Gemm& g) { return (g.trans_a ? 2U : 0U) + (g.trans_b ? 1UL : 0UL); },
                        [&](const Softmax& s) { return 4 + number(s.pass); },
                        [&](const LayerNorm& n) { return 6 + number(n.pass); },
                        [&](const Embedding& e) { return 8 + number(e.pass); },
                        [](const CrossEntropy&) { return std::size_t{10}; },
                        [](const Transpose&) { return std::size_t{11}; },
                        [&](const OptimizerStep& s) { return 12 + number(s.kind); },
                        [&](const Elementwise& e) { return 15 + number(e.kind); },
                        [&](const RmsNorm& n) { return 25 + number(n.pass); },
                        [&](const Attention& a) { return 27 + number(a.pass); },
                        [](const AttentionDecode&) { return std::size_t{29}; },
                        [&](const Rotary& r) { return 30 + number(r.pass); },
                        [](const Launch& l) { return std::size_t{l.graph ? 33U : 32U}; },
                        [&](const Copy& c) { return 34 + number(c.kind); },
                        [&](const Cast& c) { return 39 + number(c.from); },
                    },
                    op);
}
static_assert(kClassIndexEnd == (39 + kTypes) * kTypes);

}  // namespace

std::size_t class_index(const Op& op) {
  return base_index(op) * kTypes + static_cast<std::size_t>(dtype(op));
}

}  // namespace orrery::cost
