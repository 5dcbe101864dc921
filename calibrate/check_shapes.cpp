// The shapes on which a kernel is checked before it is timed: small, so that a whole machine is checked in
// seconds, and unlike each other where kernels choose between paths.
#include <array>
#include <utility>

#include "calibrate/check.hpp"

namespace orrery::calibrate {
namespace {

using cost::Op;
using Rows = std::pair<std::int64_t, std::int64_t>;

std::vector<Op> shapes(const cost::Gemm& base) {
  // k is long enough that sums kept in a short type show. fp8 units want multiples of 16.
  const bool fp8 = base.dtype == cost::DType::fp8;
  std::vector<cost::Gemm> list(
      4, cost::Gemm{.trans_a = base.trans_a, .trans_b = base.trans_b, .dtype = base.dtype});
  const auto resize = [](cost::Gemm& g, std::int64_t m, std::int64_t n, std::int64_t k) {
    g.m = m, g.n = n, g.k = k;
  };
  resize(list[0], 128, 128, 512);
  fp8 ? resize(list[1], 48, 80, 272) : resize(list[1], 67, 45, 301);
  list[1].batch = fp8 ? 1 : 2;
  resize(list[2], 16, 192, 256);
  list[2].accumulate = true;
  resize(list[3], 80, 144, 320);
  list[3].bias = true;
  std::vector<Op> result(list.begin(), list.end());
  list[3].gelu = true;
  result.emplace_back(list[3]);
  return result;
}

std::vector<Op> shapes(const cost::Softmax& base) {
  std::vector<Op> result;
  for (cost::Softmax s : {cost::Softmax{5, 37}, cost::Softmax{128, 64, 64, true}, cost::Softmax{7, 1000, 128},
                          cost::Softmax{3, 4097}}) {
    s.pass = base.pass;
    s.dtype = base.dtype;
    result.emplace_back(s);
  }
  return result;
}

/// Classes whose shape is rows and columns.
template <class Shape>
std::vector<Op> of_rows(Shape base) {
  std::vector<Op> result;
  for (const auto& [rows, cols] : {Rows{3, 37}, Rows{64, 256}, Rows{17, 1000}, Rows{5, 4096}}) {
    base.rows = rows;
    base.cols = cols;
    result.emplace_back(base);
  }
  return result;
}
std::vector<Op> shapes(const cost::LayerNorm& base) {
  return of_rows(base);
}
std::vector<Op> shapes(const cost::RmsNorm& base) {
  return of_rows(base);
}
std::vector<Op> shapes(const cost::Elementwise& base) {
  return of_rows(base);
}

std::vector<Op> shapes(cost::Embedding base) {
  std::vector<Op> result;
  // More tokens than rows: every id repeats, so that lost updates of a gradient show.
  for (const auto& [tokens, width, vocab] :
       {std::array<std::int64_t, 3>{7, 33, 11}, std::array<std::int64_t, 3>{256, 64, 5},
        std::array<std::int64_t, 3>{100, 768, 1000}}) {
    base.tokens = tokens, base.width = width, base.vocab = vocab;
    result.emplace_back(base);
  }
  return result;
}

std::vector<Op> shapes(cost::CrossEntropy base) {
  std::vector<Op> result;
  for (const auto& [rows, classes] : {Rows{5, 10}, Rows{64, 1000}, Rows{3, 32003}}) {
    base.rows = rows;
    base.classes = classes;
    result.emplace_back(base);
  }
  return result;
}

std::vector<Op> shapes(const cost::Attention& base) {
  // {batch, heads, kv_heads, q_len, kv_len, head_dim, causal}
  std::vector<Op> result;
  for (cost::Attention a :
       {cost::Attention{1, 2, 2, 128, 128, 64, false}, cost::Attention{2, 4, 2, 96, 96, 128, true},
        cost::Attention{1, 3, 1, 37, 85, 64, true}, cost::Attention{1, 2, 2, 64, 200, 128, false}}) {
    a.pass = base.pass;
    a.dtype = base.dtype;
    result.emplace_back(a);
  }
  return result;
}

std::vector<Op> shapes(const cost::AttentionDecode& base) {
  // {sequences, heads, kv_heads, context, head_dim, block}
  std::vector<Op> result;
  for (cost::AttentionDecode a :
       {cost::AttentionDecode{1, 1, 1, 5, 64, 16}, cost::AttentionDecode{3, 4, 2, 37, 64, 16},
        cost::AttentionDecode{2, 8, 1, 1000, 128, 16}, cost::AttentionDecode{4, 8, 8, 64, 128, 32}}) {
    a.dtype = base.dtype;
    result.emplace_back(a);
  }
  return result;
}

std::vector<Op> shapes(const cost::Rotary& base) {
  std::vector<Op> result;
  for (cost::Rotary r : {cost::Rotary{5, 3, 64}, cost::Rotary{33, 4, 128}, cost::Rotary{64, 1, 80}}) {
    r.pass = base.pass;
    r.dtype = base.dtype;
    result.emplace_back(r);
  }
  return result;
}

std::vector<Op> shapes(cost::Transpose base) {
  std::vector<Op> result;
  for (const auto& [batch, rows, cols, inner] :
       {std::array<std::int64_t, 4>{2, 3, 5, 4}, std::array<std::int64_t, 4>{1, 64, 12, 64},
        std::array<std::int64_t, 4>{3, 17, 33, 1}}) {
    base.batch = batch, base.rows = rows, base.cols = cols, base.inner = inner;
    result.emplace_back(base);
  }
  return result;
}

/// Classes with one dimension.
template <class Shape>
std::vector<Op> of_sizes(const Shape& base, std::int64_t Shape::*size) {
  std::vector<Op> result;
  for (const std::int64_t count : {37, 4096, 100003}) {
    Shape shape = base;
    shape.*size = count;
    result.emplace_back(shape);
  }
  return result;
}
std::vector<Op> shapes(const cost::OptimizerStep& base) {
  return of_sizes(base, &cost::OptimizerStep::params);
}
std::vector<Op> shapes(const cost::Copy& base) {
  return of_sizes(base, &cost::Copy::elements);
}
std::vector<Op> shapes(const cost::Cast& base) {
  return of_sizes(base, &cost::Cast::elements);
}

std::vector<Op> shapes(const cost::Launch& base) {
  return {cost::Launch{1, base.graph}, cost::Launch{7, base.graph}};
}

}  // namespace

std::vector<Op> check_shapes(const Op& representative) {
  return std::visit([](const auto& op) { return shapes(op); }, representative);
}

}  // namespace orrery::calibrate
