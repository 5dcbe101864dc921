#include "calibrate/check.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "calibrate/number_format.hpp"
#include "calibrate/operand_values.hpp"
#include "costmodel/overloaded.hpp"
#include "sim/base/error.hpp"

namespace orrery::calibrate {
namespace {

using cost::DType;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Terms of the longest sum behind one number of an output.
double terms(const cost::Op& op) {
  const std::int64_t n =
      std::visit(cost::Overloaded{
                     [](const cost::Gemm& g) { return g.k; },
                     [](const cost::Softmax& s) { return s.cols; },
                     [](const cost::LayerNorm& l) { return std::max(l.rows, l.cols); },
                     [](const cost::RmsNorm& r) { return std::max(r.rows, r.cols); },
                     [](const cost::Elementwise& e) {
                       return e.kind == cost::ElementwiseKind::bias_gradient ? e.rows : std::int64_t{1};
                     },
                     [](const cost::Embedding& e) {
                       return e.pass == cost::Pass::backward ? e.tokens : std::int64_t{1};
                     },
                     [](const cost::CrossEntropy& c) { return std::max(c.rows, c.classes); },
                     [](const cost::Attention& a) {
                       return a.head_dim + std::max(a.kv_len, a.q_len * a.heads / a.kv_heads);
                     },
                     [](const cost::AttentionDecode& a) { return a.head_dim + a.context; },
                     // not a sum, but an angle of up to `tokens` radians: its error grows with its size
                     [](const cost::Rotary& r) { return r.tokens * r.tokens; },
                     [](const auto&) { return std::int64_t{1}; },
                 },
                 op);
  return static_cast<double>(n);
}

/// Only moved, or rounded once: no room for an error.
bool is_exact(const cost::Op& op) {
  if (const auto* e = std::get_if<cost::Elementwise>(&op)) {
    return e->kind == cost::ElementwiseKind::relu_forward || e->kind == cost::ElementwiseKind::relu_backward;
  }
  if (const auto* e = std::get_if<cost::Embedding>(&op)) return e->pass == cost::Pass::forward;
  return std::holds_alternative<cost::Copy>(op) || std::holds_alternative<cost::Cast>(op) ||
         std::holds_alternative<cost::Transpose>(op) || std::holds_alternative<cost::Launch>(op);
}

bool is_attention(const cost::Op& op) {
  return std::holds_alternative<cost::Attention>(op) || std::holds_alternative<cost::AttentionDecode>(op);
}

bool is_short(DType dtype) {
  return dtype == DType::fp16 || dtype == DType::bf16 || dtype == DType::fp8;
}

/// Unit roundoffs that an output of a short type is allowed.
double roundings(const cost::Op& op) {
  return is_attention(op) ? 4.0 : std::holds_alternative<cost::Gemm>(op) ? 3.0 : 2.0;
}

OperandValues random_inputs(const cost::Op& op, Seed seed) {
  OperandValues values;
  RngStream draws = stream(seed, "calibrate/check " + cost::class_name(op) + " " + cost::shape_text(op));
  for (const cost::Operand& operand : cost::operands(op)) {
    values.emplace_back(static_cast<std::size_t>(operand.elements), std::numeric_limits<float>::quiet_NaN());
    if (operand.access == cost::Access::write) continue;
    fill_operand(op, operand, draws, values.back());
    if (!is_short(operand.dtype)) continue;
    for (float& value : values.back()) value = rounded(value, operand.dtype);
  }
  return values;
}

/// A backward pass of attention is only meaningful on what its forward pass gave.
void complete(const cost::Op& op, const Reference& reference, OperandValues& values) {
  const auto* attention = std::get_if<cost::Attention>(&op);
  if (attention == nullptr || attention->pass == cost::Pass::forward) return;
  cost::Attention forward = *attention;
  forward.pass = cost::Pass::forward;
  forward.dtype = DType::fp32;
  OperandValues inputs{values.begin(), values.begin() + 5};
  reference(forward, inputs);
  for (float& value : inputs[3])
    value = is_short(attention->dtype) ? rounded(value, attention->dtype) : value;
  values[3] = inputs[3];
  values[4] = inputs[4];
}

/// What the reference makes of the values, for all operands of `op`.
OperandValues expected_values(const cost::Op& op, const Reference& reference, OperandValues values) {
  const auto* step = std::get_if<cost::OptimizerStep>(&op);
  const bool has_copy = step != nullptr && step->dtype != DType::fp32;
  if (has_copy) values.pop_back();
  reference(cost::has_dtype(op) ? cost::with_dtype(op, DType::fp32) : op, values);
  if (has_copy) values.push_back(values.front());  // the new weights in the short type
  return values;
}

double norm(std::span<const float> values) {
  double sum = 0.0;
  for (const float v : values) sum += static_cast<double>(v) * static_cast<double>(v);
  return std::sqrt(sum);
}

double norm_of_difference(std::span<const float> a, std::span<const float> b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double d = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    sum += d * d;
  }
  return std::sqrt(sum);
}

/// Where `got` has no number although `want` has one.
std::string missing(std::span<const float> got, std::span<const float> want) {
  std::size_t count = 0;
  std::size_t first = 0;
  for (std::size_t i = got.size(); i-- > 0;) {
    if (!std::isnan(got[i]) || std::isnan(want[i])) continue;
    ++count;
    first = i;
  }
  if (count == 0) return {};
  return fmt::format("{} of {} elements not written or not a number, the first is {}", count, got.size(),
                     first);
}

struct Comparison {
  double error, bound;
  std::string missing;
};

/// What is read and written is measured by what the kernel changed: an update of a thousandth that is wrong
/// by a tenth must not hide behind the weights. Storing the whole number costs its own rounding.
Comparison compare(const cost::Op& op, const cost::Operand& operand, std::span<const float> before,
                   std::span<const float> got, std::span<const float> want) {
  Comparison result{0.0, error_bound(op, operand), missing(got, want)};
  if (!result.missing.empty()) {
    result.error = kInfinity;
    return result;
  }
  const double size = norm(want);
  double s = size;
  if (operand.access == cost::Access::read_write && result.bound > 0.0) {
    s = std::max(norm_of_difference(want, before), size * 0x1p-14);
    const bool counted = is_short(operand.dtype);
    const double stored = (counted ? roundings(op) : 4.0) * unit_roundoff(operand.dtype);
    if (s > 0.0) result.bound += stored * std::max(size / s - (counted ? 1.0 : 0.0), 0.0);
  }
  result.error = distance(got, want, s);
  return result;
}

}  // namespace

double error_bound(const cost::Op& op, const cost::Operand& operand) {
  if (is_exact(op)) return 0.0;
  const double growth = 1.0 + 0.25 * std::sqrt(terms(op));
  double bound = 32.0 * 0x1p-24 * growth;
  const auto* gemm = std::get_if<cost::Gemm>(&op);
  if (is_short(operand.dtype)) {
    bound += roundings(op) * unit_roundoff(operand.dtype);
  }
  const bool multiplies = gemm != nullptr || is_attention(op);
  if (multiplies && cost::dtype(op) == DType::tf32) bound += 2.0 * 0x1p-10;
  if (multiplies && cost::dtype(op) == DType::fp8) bound += 0x1p-12 * growth;
  if (gemm != nullptr && gemm->gelu) bound += 0x1p-10;
  return bound;
}

double distance(std::span<const float> got, std::span<const float> want, double s) {
  const double spread = 8.0 * s / std::sqrt(static_cast<double>(want.size()));
  double squares = 0.0;
  double worst = 0.0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    if (got[i] == want[i]) continue;  // also equal infinities
    const double error = std::abs(static_cast<double>(got[i]) - static_cast<double>(want[i]));
    if (!std::isfinite(error)) return kInfinity;
    squares += error * error;
    worst = std::max(worst, error / (spread + std::abs(static_cast<double>(want[i]))));
  }
  if (squares == 0.0) return 0.0;
  return std::max(worst, s > 0.0 ? std::sqrt(squares) / s : kInfinity);
}

CheckResult check_operator(Backend& under_test, const cost::Op& op, Seed seed, const Reference& reference) {
  const std::string what = cost::class_name(op) + " " + cost::shape_text(op);
  OperandValues before = random_inputs(op, seed);
  complete(op, reference, before);
  CheckResult result;
  OperandValues got = before;
  try {
    under_test.compute(op, got);
  } catch (const BackendError& error) {
    result.refused = true;
    result.text = fmt::format("{}: {}", what, error.what());
    return result;
  }
  const OperandValues want = expected_values(op, reference, before);
  const std::vector<cost::Operand> operands = cost::operands(op);
  SIM_ASSERT(got.size() == operands.size(), "a backend returned values for another number of operands");
  result.ok = true;
  double worst = -1.0;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    if (operands[i].access == cost::Access::read) continue;
    SIM_ASSERT(got[i].size() == want[i].size(), "a backend returned an operand of another size");
    const Comparison c = compare(op, operands[i], before[i], got[i], want[i]);
    const bool ok = c.error <= c.bound;
    result.ok = result.ok && ok;
    const double share = c.bound > 0.0 ? c.error / c.bound : ok ? 0.0 : kInfinity;
    if (share <= worst) continue;
    worst = share;
    result.operand = operands[i].role;
    result.error = c.error;
    result.bound = c.bound;
    result.text = c.missing.empty() ? fmt::format("{}: {}: error {:.2g}, bound {:.2g}", what,
                                                  operands[i].role, c.error, c.bound)
                                    : fmt::format("{}: {}: {}", what, operands[i].role, c.missing);
  }
  return result;
}

}  // namespace orrery::calibrate
