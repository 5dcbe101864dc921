#include "calibrate/operand_values.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "costmodel/overloaded.hpp"
#include "sim/base/error.hpp"

namespace orrery::calibrate {
namespace {

constexpr std::size_t kDrawn = std::size_t{1} << 16;

/// Largest id or label plus one.
std::uint64_t id_bound(const cost::Op& op) {
  return std::visit(cost::Overloaded{
                        [](const cost::Embedding& e) { return static_cast<std::uint64_t>(e.vocab); },
                        [](const cost::CrossEntropy& c) { return static_cast<std::uint64_t>(c.classes); },
                        [](const auto&) { return std::uint64_t{1}; },
                    },
                    op);
}

void count_up(std::span<float> values) {
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
}

void fill_whole(const cost::Op& op, const std::string& role, RngStream& draws, std::span<float> values) {
  if (role == "lengths") {
    const auto& decode = std::get<cost::AttentionDecode>(op);
    std::fill(values.begin(), values.end(), static_cast<float>(decode.context));
  } else if (role == "positions") {
    count_up(values);
  } else if (std::holds_alternative<cost::AttentionDecode>(op)) {
    count_up(values);
    for (std::size_t i = values.size(); i > 1; --i) {
      std::swap(values[i - 1], values[static_cast<std::size_t>(draws.below(i))]);
    }
  } else {
    for (float& value : values) value = static_cast<float>(draws.below(id_bound(op)));
  }
}

/// What is positive by its nature: second moments, reciprocals of deviations, the logarithm of a row's sum.
bool is_positive(const cost::Op& op, const std::string& role) {
  return role == "rstd" || role == "lse" || (role == "v" && std::holds_alternative<cost::OptimizerStep>(op));
}

}  // namespace

void fill_operand(const cost::Op& op, const cost::Operand& operand, RngStream& draws,
                  std::span<float> values) {
  SIM_ASSERT(values.size() == static_cast<std::size_t>(operand.elements), "an operand of a wrong size");
  if (operand.dtype == cost::DType::int32) return fill_whole(op, operand.role, draws, values);
  const bool positive = is_positive(op, operand.role);
  const bool wide = std::holds_alternative<cost::Cast>(op);
  const std::size_t drawn = std::min(values.size(), kDrawn);
  for (std::size_t i = 0; i < drawn; ++i) {
    const double u = draws.uniform(-1.0, 1.0);
    double magnitude = 0.1 + 0.9 * std::abs(u);
    if (wide) magnitude = std::ldexp(magnitude, static_cast<int>(draws.below(18)) - 9);
    values[i] = static_cast<float>(positive || u > 0.0 ? magnitude : -magnitude);
  }
  for (std::size_t i = drawn; i < values.size(); ++i) values[i] = values[i - kDrawn];
}

}  // namespace orrery::calibrate
