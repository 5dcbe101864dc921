// What operators read, write and compute: operand lists, operations, traffic.
#include <algorithm>
#include <utility>

#include "costmodel/op.hpp"
#include "costmodel/overloaded.hpp"

namespace orrery::cost {
namespace {

double real(std::int64_t count) {
  return static_cast<double>(count);
}

Operand tensor(const char* role, DType dtype, std::int64_t elements, Access access) {
  return {role, elements, elements, dtype, access};
}
Operand singles(const char* role, std::int64_t elements, Access access) {
  return tensor(role, DType::fp32, elements, access);
}
Operand integers(const char* role, std::int64_t elements) {
  return tensor(role, DType::int32, elements, Access::read);
}

constexpr Access R = Access::read;
constexpr Access W = Access::write;
constexpr Access RW = Access::read_write;

std::vector<Operand> list(const Gemm& g) {
  const DType out = g.dtype == DType::fp8 ? DType::bf16 : g.dtype;
  std::vector<Operand> result{tensor("a", g.dtype, g.batch * g.m * g.k, R),
                              tensor("b", g.dtype, g.batch * g.k * g.n, R),
                              tensor("c", out, g.batch * g.m * g.n, g.accumulate ? RW : W)};
  if (g.bias) result.push_back(tensor("bias", out, g.n, R));
  return result;
}

std::vector<Operand> list(const Softmax& s) {
  const std::int64_t size = s.rows * s.cols;
  if (s.pass == Pass::forward) return {tensor("x", s.dtype, size, R), tensor("y", s.dtype, size, W)};
  return {tensor("y", s.dtype, size, R), tensor("dy", s.dtype, size, R), tensor("dx", s.dtype, size, W)};
}

std::vector<Operand> list(const LayerNorm& n) {
  const std::int64_t size = n.rows * n.cols;
  if (n.pass == Pass::forward) {
    return {tensor("x", n.dtype, size, R),      tensor("gamma", n.dtype, n.cols, R),
            tensor("beta", n.dtype, n.cols, R), tensor("y", n.dtype, size, W),
            singles("mean", n.rows, W),         singles("rstd", n.rows, W)};
  }
  return {tensor("x", n.dtype, size, R), tensor("gamma", n.dtype, n.cols, R), singles("mean", n.rows, R),
          singles("rstd", n.rows, R),    tensor("dy", n.dtype, size, R),      tensor("dx", n.dtype, size, W),
          singles("dgamma", n.cols, W),  singles("dbeta", n.cols, W)};
}

std::vector<Operand> list(const RmsNorm& n) {
  const std::int64_t size = n.rows * n.cols;
  if (n.pass == Pass::forward) {
    return {tensor("x", n.dtype, size, R), tensor("gamma", n.dtype, n.cols, R), tensor("y", n.dtype, size, W),
            singles("rstd", n.rows, W)};
  }
  return {tensor("x", n.dtype, size, R),  tensor("gamma", n.dtype, n.cols, R), singles("rstd", n.rows, R),
          tensor("dy", n.dtype, size, R), tensor("dx", n.dtype, size, W),      singles("dgamma", n.cols, W)};
}

std::vector<Operand> list(const Elementwise& e) {
  const std::int64_t size = e.rows * e.cols;
  const auto whole = [&](const char* role, Access access) { return tensor(role, e.dtype, size, access); };
  switch (e.kind) {
    case ElementwiseKind::gelu_forward:
    case ElementwiseKind::relu_forward:
      return {whole("x", R), whole("y", W)};
    case ElementwiseKind::gelu_backward:
      return {whole("x", R), whole("dy", R), whole("dx", W)};
    case ElementwiseKind::relu_backward:
      return {whole("y", R), whole("dy", R), whole("dx", W)};
    case ElementwiseKind::bias:
      return {whole("x", RW), tensor("b", e.dtype, e.cols, R)};
    case ElementwiseKind::bias_gradient:
      return {whole("dy", R), singles("db", e.cols, W)};
    case ElementwiseKind::add:
      return {whole("a", R), whole("b", R), whole("y", W)};
    case ElementwiseKind::scale:
      return {whole("x", RW)};
    case ElementwiseKind::swiglu_forward:
      return {whole("gate", R), whole("up", R), whole("y", W)};
    case ElementwiseKind::swiglu_backward:
      return {whole("gate", R), whole("up", R), whole("dy", R), whole("dgate", W), whole("dup", W)};
  }
  return {};
}

std::vector<Operand> list(const Embedding& e) {
  const std::int64_t rows = e.tokens * e.width;
  const std::int64_t table = e.vocab * e.width;
  if (e.pass == Pass::forward) {
    Operand looked_up = tensor("table", e.dtype, table, R);
    looked_up.touched = std::min(rows, table);
    return {integers("ids", e.tokens), looked_up, tensor("y", e.dtype, rows, W)};
  }
  Operand updated = singles("dtable", table, RW);
  updated.touched = std::min(rows, table);
  return {integers("ids", e.tokens), tensor("dy", e.dtype, rows, R), updated};
}

std::vector<Operand> list(const CrossEntropy& c) {
  return {tensor("logits", c.dtype, c.rows * c.classes, R), integers("labels", c.rows),
          tensor("dlogits", c.dtype, c.rows * c.classes, W), singles("loss", 1, W)};
}

std::vector<Operand> list(const OptimizerStep& s) {
  std::vector<Operand> result{singles("w", s.params, RW), tensor("g", s.dtype, s.params, R)};
  if (s.kind == OptimizerKind::momentum) result.push_back(singles("velocity", s.params, RW));
  if (s.kind == OptimizerKind::adam) {
    result.push_back(singles("m", s.params, RW));
    result.push_back(singles("v", s.params, RW));
  }
  if (s.dtype != DType::fp32) result.push_back(tensor("copy", s.dtype, s.params, W));
  return result;
}

std::vector<Operand> list(const Copy& c) {
  return {singles("x", c.elements, R), singles("y", c.elements, W)};
}

std::vector<Operand> list(const Transpose& t) {
  const std::int64_t size = t.batch * t.rows * t.cols * t.inner;
  return {tensor("x", t.dtype, size, R), tensor("y", t.dtype, size, W)};
}

std::vector<Operand> list(const Attention& a) {
  const std::int64_t query = a.batch * a.q_len * a.heads * a.head_dim;
  const std::int64_t key = a.batch * a.kv_len * a.kv_heads * a.head_dim;
  const auto t = [&](const char* role, std::int64_t size, Access access) {
    return tensor(role, a.dtype, size, access);
  };
  const std::int64_t sums = a.batch * a.heads * a.q_len;
  if (a.pass == Pass::forward) {
    return {t("q", query, R), t("k", key, R), t("v", key, R), t("o", query, W), singles("lse", sums, W)};
  }
  return {t("q", query, R),  t("k", key, R),    t("v", key, R),  t("o", query, R), singles("lse", sums, R),
          t("do", query, R), t("dq", query, W), t("dk", key, W), t("dv", key, W)};
}

std::vector<Operand> list(const AttentionDecode& a) {
  const std::int64_t query = a.sequences * a.heads * a.head_dim;
  Operand keys = tensor("k_cache", a.dtype, a.sequences * a.pages() * a.block * a.kv_heads * a.head_dim, R);
  keys.touched = a.sequences * a.context * a.kv_heads * a.head_dim;
  Operand values = keys;
  values.role = "v_cache";
  return {tensor("q", a.dtype, query, R),
          keys,
          values,
          integers("table", a.sequences * a.pages()),
          integers("lengths", a.sequences),
          tensor("o", a.dtype, query, W)};
}

std::vector<Operand> list(const Rotary& r) {
  return {tensor("x", r.dtype, r.tokens * r.heads * r.head_dim, RW), integers("positions", r.tokens)};
}

std::vector<Operand> list(const Cast& c) {
  return {tensor("x", c.from, c.elements, R), tensor("y", c.to, c.elements, W)};
}

std::vector<Operand> list(const Launch&) {
  return {singles("x", 1, RW)};
}

/// Operations per element; a transcendental (exp, tanh, sqrt, division) counts as one.
double work(const Elementwise& e) {
  switch (e.kind) {
    case ElementwiseKind::gelu_forward:
      return 8;  // 0.5 x (1 + tanh(c (x + 0.0447 x^3)))
    case ElementwiseKind::gelu_backward:
      return 16;  // the derivative of the above by the chain rule, times dy
    case ElementwiseKind::swiglu_forward:
      return 5;  // exp, add, divide, two products
    case ElementwiseKind::swiglu_backward:
      return 11;  // sigmoid (3), its derivative (3), dup and dgate (5)
    default:
      return 1;  // one compare, add or multiply
  }
}

double work(const OptimizerStep& s) {
  switch (s.kind) {
    case OptimizerKind::sgd:
      return 2;  // w -= lr g
    case OptimizerKind::momentum:
      return 4;  // u = mu u + g; w -= lr u
    case OptimizerKind::adam:
      return 12;  // two moving averages, bias corrections, square root, division, step
  }
  return 0;
}

}  // namespace

double visible_pairs(const Attention& a) {
  const double q = real(a.q_len), kv = real(a.kv_len);
  if (!a.causal) return q * kv;
  if (kv >= q) return q * (kv - q) + 0.5 * q * (q + 1.0);
  return 0.5 * kv * (kv + 1.0);  // the first q - kv queries see no key at all
}

std::vector<Operand> operands(const Op& op) {
  return std::visit([](const auto& o) { return list(o); }, op);
}

Flops flops(const Op& op) {
  return Flops(std::visit(
      Overloaded{
          [](const Gemm& g) { return 2.0 * real(g.m) * real(g.n) * real(g.k) * real(g.batch); },
          // forward: scale, max, subtract and exp, sum, divide; backward: dot product, subtract, multiply,
          // scale
          [](const Softmax& s) { return 5.0 * real(s.rows) * real(s.cols) * (s.causal ? 0.5 : 1.0); },
          // forward: mean, variance (2), normalise (2), affine (2); backward: two row sums and two column
          // sums
          [](const LayerNorm& n) {
            return (n.pass == Pass::forward ? 7.0 : 14.0) * real(n.rows) * real(n.cols);
          },
          // the same without mean and beta
          [](const RmsNorm& n) {
            return (n.pass == Pass::forward ? 4.0 : 10.0) * real(n.rows) * real(n.cols);
          },
          [](const Elementwise& e) { return work(e) * real(e.rows) * real(e.cols); },
          [](const Embedding& e) { return e.pass == Pass::forward ? 0.0 : real(e.tokens) * real(e.width); },
          // max, subtract and exp, sum, divide, scale
          [](const CrossEntropy& c) { return 6.0 * real(c.rows) * real(c.classes); },
          [](const OptimizerStep& s) { return work(s) * real(s.params); },
          // two products forward, five backward, of which one repeats the scores (Dao et al. 2022)
          [](const Attention& a) {
            return (a.pass == Pass::forward ? 4.0 : 10.0) * real(a.batch * a.heads) * visible_pairs(a) *
                   real(a.head_dim);
          },
          [](const AttentionDecode& a) {
            return 4.0 * real(a.sequences * a.heads) * real(a.context) * real(a.head_dim);
          },
          // four products and two sums per pair
          [](const Rotary& r) { return 3.0 * real(r.tokens * r.heads) * real(r.head_dim); },
          [](const Launch& l) { return real(l.kernels); },
          [](const auto&) { return 0.0; },  // copies, casts and transposes only move
      },
      op));
}

Bytes traffic(const Op& op) {
  Bytes bytes(0.0);
  for (const Operand& operand : operands(op)) {
    bytes += operand.touched_bytes() * (operand.access == Access::read_write ? 2.0 : 1.0);
  }
  return bytes;
}

}  // namespace orrery::cost
