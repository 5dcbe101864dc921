#include "costmodel/op.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/base/spelling.hpp"

namespace orrery::cost {
namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

double real(std::int64_t count) {
  return static_cast<double>(count);
}

Operand floats(const char* role, std::int64_t elements, Access access) {
  return {role, elements, elements, DType::fp32, access};
}
Operand integers(const char* role, std::int64_t elements) {
  return {role, elements, elements, DType::int32, Access::read};
}

constexpr Access R = Access::read;
constexpr Access W = Access::write;
constexpr Access RW = Access::read_write;

std::vector<Operand> list(const Gemm& g) {
  return {floats("a", g.batch * g.m * g.k, R), floats("b", g.batch * g.k * g.n, R),
          floats("c", g.batch * g.m * g.n, g.accumulate ? RW : W)};
}

std::vector<Operand> list(const Softmax& s) {
  const std::int64_t size = s.rows * s.cols;
  if (s.pass == Pass::forward) return {floats("x", size, R), floats("y", size, W)};
  return {floats("y", size, R), floats("dy", size, R), floats("dx", size, W)};
}

std::vector<Operand> list(const LayerNorm& n) {
  const std::int64_t size = n.rows * n.cols;
  if (n.pass == Pass::forward) {
    return {floats("x", size, R), floats("gamma", n.cols, R), floats("beta", n.cols, R),
            floats("y", size, W), floats("mean", n.rows, W),  floats("rstd", n.rows, W)};
  }
  return {floats("x", size, R),        floats("gamma", n.cols, R), floats("mean", n.rows, R),
          floats("rstd", n.rows, R),   floats("dy", size, R),      floats("dx", size, W),
          floats("dgamma", n.cols, W), floats("dbeta", n.cols, W)};
}

std::vector<Operand> list(const Elementwise& e) {
  const std::int64_t size = e.rows * e.cols;
  switch (e.kind) {
    case ElementwiseKind::gelu_forward:
    case ElementwiseKind::relu_forward:
      return {floats("x", size, R), floats("y", size, W)};
    case ElementwiseKind::gelu_backward:
      return {floats("x", size, R), floats("dy", size, R), floats("dx", size, W)};
    case ElementwiseKind::relu_backward:
      return {floats("y", size, R), floats("dy", size, R), floats("dx", size, W)};
    case ElementwiseKind::bias:
      return {floats("x", size, RW), floats("b", e.cols, R)};
    case ElementwiseKind::bias_gradient:
      return {floats("dy", size, R), floats("db", e.cols, W)};
    case ElementwiseKind::add:
      return {floats("a", size, R), floats("b", size, R), floats("y", size, W)};
    case ElementwiseKind::scale:
      return {floats("x", size, RW)};
  }
  return {};
}

std::vector<Operand> list(const Embedding& e) {
  const std::int64_t rows = e.tokens * e.width;
  const std::int64_t table = e.vocab * e.width;
  if (e.pass == Pass::forward) {
    Operand looked_up = floats("table", table, R);
    looked_up.touched = std::min(rows, table);
    return {integers("ids", e.tokens), looked_up, floats("y", rows, W)};
  }
  Operand updated = floats("dtable", table, RW);
  updated.touched = std::min(rows, table);
  return {integers("ids", e.tokens), floats("dy", rows, R), updated};
}

std::vector<Operand> list(const CrossEntropy& c) {
  return {floats("logits", c.rows * c.classes, R), integers("labels", c.rows),
          floats("dlogits", c.rows * c.classes, W), floats("loss", 1, W)};
}

std::vector<Operand> list(const OptimizerStep& s) {
  std::vector<Operand> result{floats("w", s.params, RW), floats("g", s.params, R)};
  if (s.kind == OptimizerKind::momentum) result.push_back(floats("velocity", s.params, RW));
  if (s.kind == OptimizerKind::adam) {
    result.push_back(floats("m", s.params, RW));
    result.push_back(floats("v", s.params, RW));
  }
  return result;
}

std::vector<Operand> list(const Copy& c) {
  return {floats("x", c.elements, R), floats("y", c.elements, W)};
}

std::vector<Operand> list(const Transpose& t) {
  const std::int64_t size = t.batch * t.rows * t.cols * t.inner;
  return {floats("x", size, R), floats("y", size, W)};
}

/// Operations per element; a transcendental (exp, tanh, sqrt, division) counts as one.
double work(const Elementwise& e) {
  switch (e.kind) {
    case ElementwiseKind::gelu_forward:
      return 8;  // 0.5 x (1 + tanh(c (x + 0.0447 x^3)))
    case ElementwiseKind::gelu_backward:
      return 16;  // the derivative of the above by the chain rule, times dy
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

constexpr std::array<std::pair<ElementwiseKind, const char*>, 8> kElementwiseNames{{
    {ElementwiseKind::gelu_forward, "gelu_forward"},
    {ElementwiseKind::gelu_backward, "gelu_backward"},
    {ElementwiseKind::relu_forward, "relu_forward"},
    {ElementwiseKind::relu_backward, "relu_backward"},
    {ElementwiseKind::bias, "bias"},
    {ElementwiseKind::bias_gradient, "bias_gradient"},
    {ElementwiseKind::add, "add"},
    {ElementwiseKind::scale, "scale"},
}};

constexpr std::array<std::pair<OptimizerKind, const char*>, 3> kOptimizerNames{
    {{OptimizerKind::sgd, "sgd"}, {OptimizerKind::momentum, "momentum"}, {OptimizerKind::adam, "adam"}}};

std::string with_pass(const char* base, Pass pass) {
  return std::string(base) + (pass == Pass::forward ? "_forward" : "_backward");
}

/// The shape of an operator as named integers, by reference: one description for printing and for parsing.
using Field = std::pair<const char*, std::int64_t*>;
struct Shape {
  std::vector<Field> fields;
  std::vector<std::pair<const char*, bool*>> flags;
};

Shape shape(Gemm& g) {
  return {{{"m", &g.m}, {"n", &g.n}, {"k", &g.k}, {"batch", &g.batch}}, {{"accumulate", &g.accumulate}}};
}
Shape shape(Softmax& s) {
  return {{{"rows", &s.rows}, {"cols", &s.cols}, {"scale_dim", &s.scale_dim}}, {{"causal", &s.causal}}};
}
Shape shape(LayerNorm& n) {
  return {{{"rows", &n.rows}, {"cols", &n.cols}}, {}};
}
Shape shape(Elementwise& e) {
  return {{{"rows", &e.rows}, {"cols", &e.cols}}, {}};
}
Shape shape(Embedding& e) {
  return {{{"tokens", &e.tokens}, {"width", &e.width}, {"vocab", &e.vocab}}, {}};
}
Shape shape(CrossEntropy& c) {
  return {{{"rows", &c.rows}, {"classes", &c.classes}}, {}};
}
Shape shape(OptimizerStep& s) {
  return {{{"params", &s.params}}, {}};
}
Shape shape(Copy& c) {
  return {{{"elements", &c.elements}}, {}};
}
Shape shape(Transpose& t) {
  return {{{"batch", &t.batch}, {"rows", &t.rows}, {"cols", &t.cols}, {"inner", &t.inner}}, {}};
}

std::vector<Op> one_of_each_class() {
  std::vector<Op> ops{
      Gemm{}, Gemm{.trans_b = true}, Gemm{.trans_a = true}, Gemm{.trans_a = true, .trans_b = true},
      Copy{}, Transpose{},           CrossEntropy{}};
  for (const Pass pass : {Pass::forward, Pass::backward}) {
    ops.emplace_back(Softmax{.pass = pass});
    ops.emplace_back(LayerNorm{.pass = pass});
    ops.emplace_back(Embedding{.pass = pass});
  }
  for (const auto& [kind, text] : kElementwiseNames) ops.emplace_back(Elementwise{.kind = kind});
  for (const auto& [kind, text] : kOptimizerNames) ops.emplace_back(OptimizerStep{.kind = kind});
  return ops;
}

void set_field(Shape& target, const std::string& place, std::string_view key, std::string_view value) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  const bool whole = error == std::errc() && end == value.data() + value.size();
  std::vector<std::string> known;
  for (auto& [name, slot] : target.fields) {
    if (key == name) {
      const std::int64_t least = key == "scale_dim" ? 0 : 1;
      if (!whole || number < least) {
        throw ScenarioError(place, std::string(key) + "=" + std::string(value) +
                                       ": expected a whole number >= " + std::to_string(least));
      }
      *slot = number;
      return;
    }
    known.emplace_back(name);
  }
  for (auto& [name, slot] : target.flags) {
    if (key == name) {
      if (!whole || number < 0 || number > 1) {
        throw ScenarioError(place, std::string(key) + "=" + std::string(value) + ": expected 0 or 1");
      }
      *slot = number == 1;
      return;
    }
    known.emplace_back(name);
  }
  throw ScenarioError(
      place, "unknown dimension '" + std::string(key) + "'" + spelling_hint(std::string(key), known));
}

}  // namespace

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
          [](const Elementwise& e) { return work(e) * real(e.rows) * real(e.cols); },
          [](const Embedding& e) { return e.pass == Pass::forward ? 0.0 : real(e.tokens) * real(e.width); },
          // max, subtract and exp, sum, divide, scale
          [](const CrossEntropy& c) { return 6.0 * real(c.rows) * real(c.classes); },
          [](const OptimizerStep& s) { return work(s) * real(s.params); },
          [](const Copy&) { return 0.0; },
          [](const Transpose&) { return 0.0; },
      },
      op));
}

Bytes traffic(const Op& op) {
  double elements = 0.0;
  for (const Operand& operand : operands(op)) {
    elements += real(operand.touched) * (operand.access == Access::read_write ? 2.0 : 1.0);
  }
  return Bytes(4.0 * elements);
}

std::string class_name(const Op& op) {
  return std::visit(
      Overloaded{
          [](const Gemm& g) {
            return std::string("gemm_") + (g.trans_a ? 't' : 'n') + (g.trans_b ? 't' : 'n');
          },
          [](const Softmax& s) { return with_pass("softmax", s.pass); },
          [](const LayerNorm& n) { return with_pass("layer_norm", n.pass); },
          [](const Elementwise& e) {
            return std::string(
                std::find_if(kElementwiseNames.begin(), kElementwiseNames.end(), [&](const auto& entry) {
                  return entry.first == e.kind;
                })->second);
          },
          [](const Embedding& e) { return with_pass("embedding", e.pass); },
          [](const CrossEntropy&) { return std::string("cross_entropy"); },
          [](const OptimizerStep& s) {
            return std::string(kOptimizerNames[static_cast<std::size_t>(s.kind)].second);
          },
          [](const Copy&) { return std::string("copy"); },
          [](const Transpose&) { return std::string("transpose"); },
      },
      op);
}

std::string shape_text(const Op& op) {
  return std::visit(
      [](auto copy) {
        std::string text;
        const Shape described = shape(copy);
        for (const auto& [name, slot] : described.fields) {
          text += (text.empty() ? "" : " ") + std::string(name) + "=" + std::to_string(*slot);
        }
        for (const auto& [name, slot] : described.flags) {
          if (*slot) text += " " + std::string(name) + "=1";
        }
        return text;
      },
      op);
}

Op parse_op(const std::string& class_text, const std::string& shape_words) {
  for (Op& candidate : one_of_each_class()) {
    if (class_name(candidate) != class_text) continue;
    std::visit(
        [&](auto& op) {
          Shape target = shape(op);
          std::string_view rest = shape_words;
          while (!rest.empty()) {
            const std::size_t end = std::min(rest.find(' '), rest.size());
            const std::string_view word = rest.substr(0, end);
            rest.remove_prefix(std::min(end + 1, rest.size()));
            if (word.empty()) continue;
            const std::size_t equals = word.find('=');
            if (equals == std::string_view::npos) {
              throw ScenarioError(class_text, "expected name=number, got '" + std::string(word) + "'");
            }
            set_field(target, class_text, word.substr(0, equals), word.substr(equals + 1));
          }
        },
        candidate);
    return candidate;
  }
  throw ScenarioError("", "unknown operator '" + class_text + "'" + spelling_hint(class_text, class_names()));
}

std::vector<std::string> class_names() {
  std::vector<std::string> names;
  for (const Op& op : one_of_each_class()) names.push_back(class_name(op));
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace orrery::cost
