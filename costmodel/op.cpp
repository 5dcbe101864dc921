#include "costmodel/op.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "costmodel/overloaded.hpp"
#include "sim/base/error.hpp"
#include "sim/base/spelling.hpp"

namespace orrery::cost {
namespace {

constexpr std::array<std::pair<ElementwiseKind, const char*>, 10> kElementwiseNames{{
    {ElementwiseKind::gelu_forward, "gelu_forward"},
    {ElementwiseKind::gelu_backward, "gelu_backward"},
    {ElementwiseKind::relu_forward, "relu_forward"},
    {ElementwiseKind::relu_backward, "relu_backward"},
    {ElementwiseKind::bias, "bias"},
    {ElementwiseKind::bias_gradient, "bias_gradient"},
    {ElementwiseKind::add, "add"},
    {ElementwiseKind::scale, "scale"},
    {ElementwiseKind::swiglu_forward, "swiglu_forward"},
    {ElementwiseKind::swiglu_backward, "swiglu_backward"},
}};

constexpr std::array<std::pair<OptimizerKind, const char*>, 3> kOptimizerNames{
    {{OptimizerKind::sgd, "sgd"}, {OptimizerKind::momentum, "momentum"}, {OptimizerKind::adam, "adam"}}};

constexpr std::array<std::pair<CopyKind, const char*>, 5> kCopyNames{{
    {CopyKind::device, "copy"},
    {CopyKind::h2d, "copy_h2d"},
    {CopyKind::d2h, "copy_d2h"},
    {CopyKind::h2d_pageable, "copy_h2d_pageable"},
    {CopyKind::d2h_pageable, "copy_d2h_pageable"},
}};

constexpr std::array<std::pair<DType, const char*>, 6> kTypeNames{{
    {DType::fp32, "fp32"},
    {DType::int32, "int32"},
    {DType::tf32, "tf32"},
    {DType::fp16, "fp16"},
    {DType::bf16, "bf16"},
    {DType::fp8, "fp8"},
}};

/// The conversions that mixed-precision training and serving use.
constexpr std::array<std::pair<DType, DType>, 4> kCasts{{{DType::fp32, DType::bf16},
                                                         {DType::bf16, DType::fp32},
                                                         {DType::fp32, DType::fp16},
                                                         {DType::bf16, DType::fp8}}};

template <class Table, class Key>
std::string text_of(const Table& table, Key key) {
  return std::find_if(table.begin(), table.end(), [&](const auto& e) { return e.first == key; })->second;
}

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
  return {{{"m", &g.m}, {"n", &g.n}, {"k", &g.k}, {"batch", &g.batch}},
          {{"accumulate", &g.accumulate}, {"bias", &g.bias}, {"gelu", &g.gelu}}};
}
Shape shape(Softmax& s) {
  return {{{"rows", &s.rows}, {"cols", &s.cols}, {"scale_dim", &s.scale_dim}}, {{"causal", &s.causal}}};
}
Shape shape(LayerNorm& n) {
  return {{{"rows", &n.rows}, {"cols", &n.cols}}, {}};
}
Shape shape(RmsNorm& n) {
  return {{{"rows", &n.rows}, {"cols", &n.cols}}, {}};
}
Shape shape(Attention& a) {
  return {{{"batch", &a.batch},
           {"heads", &a.heads},
           {"kv_heads", &a.kv_heads},
           {"q_len", &a.q_len},
           {"kv_len", &a.kv_len},
           {"head_dim", &a.head_dim}},
          {{"causal", &a.causal}}};
}
Shape shape(AttentionDecode& a) {
  return {{{"sequences", &a.sequences},
           {"heads", &a.heads},
           {"kv_heads", &a.kv_heads},
           {"context", &a.context},
           {"head_dim", &a.head_dim},
           {"block", &a.block}},
          {}};
}
Shape shape(Rotary& r) {
  return {{{"tokens", &r.tokens}, {"heads", &r.heads}, {"head_dim", &r.head_dim}}, {}};
}
Shape shape(Cast& c) {
  return {{{"elements", &c.elements}}, {}};
}
Shape shape(Launch& l) {
  return {{{"kernels", &l.kernels}}, {}};
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
  std::vector<Op> ops{Gemm{},
                      Gemm{.trans_b = true},
                      Gemm{.trans_a = true},
                      Gemm{.trans_a = true, .trans_b = true},
                      Transpose{},
                      CrossEntropy{},
                      AttentionDecode{},
                      Launch{},
                      Launch{.graph = true}};
  for (const Pass pass : {Pass::forward, Pass::backward}) {
    ops.emplace_back(Softmax{.pass = pass});
    ops.emplace_back(LayerNorm{.pass = pass});
    ops.emplace_back(Embedding{.pass = pass});
    ops.emplace_back(RmsNorm{.pass = pass});
    ops.emplace_back(Attention{.pass = pass});
    ops.emplace_back(Rotary{.pass = pass});
  }
  for (const auto& [kind, text] : kCopyNames) ops.emplace_back(Copy{.kind = kind});
  for (const auto& [from, to] : kCasts) ops.emplace_back(Cast{.from = from, .to = to});
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

std::string name(DType dtype) {
  return text_of(kTypeNames, dtype);
}

DType dtype_of(const std::string& text) {
  std::vector<std::string> known;
  for (const auto& [dtype, type_name] : kTypeNames) {
    if (text == type_name) return dtype;
    known.emplace_back(type_name);
  }
  throw ScenarioError("", "unknown dtype '" + text + "'" + spelling_hint(text, known));
}

DType dtype(const Op& op) {
  return std::visit(Overloaded{
                        [](const Copy&) { return DType::fp32; },
                        [](const Cast& c) { return c.to; },
                        [](const Launch&) { return DType::fp32; },
                        [](const auto& o) { return o.dtype; },
                    },
                    op);
}

bool has_dtype(const Op& op) {
  return !std::holds_alternative<Copy>(op) && !std::holds_alternative<Cast>(op) &&
         !std::holds_alternative<Launch>(op);
}

Op with_dtype(Op op, DType dtype) {
  std::visit(
      [dtype](auto& o) {
        if constexpr (requires { o.dtype; }) {
          o.dtype = dtype;
        } else {
          SIM_ASSERT(dtype == DType::fp32, "this operator has no dtype of its own");
        }
      },
      op);
  return op;
}

std::string base_name(const Op& op) {
  return std::visit(Overloaded{
                        [](const Gemm& g) {
                          return std::string("gemm_") + (g.trans_a ? 't' : 'n') + (g.trans_b ? 't' : 'n');
                        },
                        [](const Softmax& s) { return with_pass("softmax", s.pass); },
                        [](const LayerNorm& n) { return with_pass("layer_norm", n.pass); },
                        [](const RmsNorm& n) { return with_pass("rms_norm", n.pass); },
                        [](const Elementwise& e) { return text_of(kElementwiseNames, e.kind); },
                        [](const Embedding& e) { return with_pass("embedding", e.pass); },
                        [](const CrossEntropy&) { return std::string("cross_entropy"); },
                        [](const OptimizerStep& s) { return text_of(kOptimizerNames, s.kind); },
                        [](const Copy& c) { return text_of(kCopyNames, c.kind); },
                        [](const Transpose&) { return std::string("transpose"); },
                        [](const Attention& a) { return with_pass("attention", a.pass); },
                        [](const AttentionDecode&) { return std::string("attention_decode"); },
                        [](const Rotary& r) { return with_pass("rotary", r.pass); },
                        [](const Cast& c) { return "cast_" + name(c.from) + "_" + name(c.to); },
                        [](const Launch& l) { return std::string(l.graph ? "graph_replay" : "launch"); },
                    },
                    op);
}

std::string class_name(const Op& op) {
  const bool is_typed = has_dtype(op) && dtype(op) != DType::fp32;
  return base_name(op) + (is_typed ? "_" + name(dtype(op)) : "");
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

namespace {

/// The operator of this class with the smallest shape; none when the name is unknown.
std::optional<Op> smallest_of(const std::string& class_text) {
  for (const Op& candidate : one_of_each_class()) {
    const std::string base = base_name(candidate);
    if (base == class_text) return candidate;
    if (!has_dtype(candidate) || class_text.rfind(base + "_", 0) != 0) continue;
    const std::string suffix = class_text.substr(base.size() + 1);
    for (const auto& [dtype, type_name] : kTypeNames) {
      if (dtype != DType::int32 && suffix == type_name) return with_dtype(candidate, dtype);
    }
  }
  return std::nullopt;
}

/// Limits that no dimension has by itself.
void check_shape(const Op& op, const std::string& place) {
  const auto grouped = [&](std::int64_t heads, std::int64_t kv_heads) {
    if (heads % kv_heads != 0) {
      throw ScenarioError(place, "heads=" + std::to_string(heads) +
                                     ": expected a multiple of kv_heads=" + std::to_string(kv_heads));
    }
  };
  if (const auto* a = std::get_if<Attention>(&op)) grouped(a->heads, a->kv_heads);
  if (const auto* a = std::get_if<AttentionDecode>(&op)) grouped(a->heads, a->kv_heads);
  if (const auto* g = std::get_if<Gemm>(&op); g != nullptr && g->gelu && !g->bias) {
    throw ScenarioError(place, "gelu=1: expected bias=1 beside it");
  }
  if (const auto* r = std::get_if<Rotary>(&op); r != nullptr && r->head_dim % 2 != 0) {
    throw ScenarioError(place, "head_dim=" + std::to_string(r->head_dim) + ": expected an even number");
  }
}

}  // namespace

Op parse_op(const std::string& class_text, const std::string& shape_words) {
  std::optional<Op> op = smallest_of(class_text);
  if (!op) {
    throw ScenarioError("",
                        "unknown operator '" + class_text + "'" + spelling_hint(class_text, class_names()));
  }
  std::visit(
      [&](auto& o) {
        Shape target = shape(o);
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
      *op);
  check_shape(*op, class_text);
  return *op;
}

std::vector<std::string> class_names() {
  std::vector<std::string> names;
  for (const Op& op : one_of_each_class()) names.push_back(base_name(op));
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace orrery::cost
