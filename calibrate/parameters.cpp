#include "calibrate/parameters.hpp"

#include <algorithm>
#include <cmath>

#include "sim/base/error.hpp"

namespace orrery::calibrate {

void Parameters::visit(const Field& field, const ValueRef& value) {
  const bool is_number =
      std::holds_alternative<double*>(value.to) || std::holds_alternative<QuantityRef>(value.to);
  const std::string name(field.name);
  if (!is_number || std::find(fixed_.begin(), fixed_.end(), name) != fixed_.end()) return;
  SIM_ASSERT(field.limits.low > 0.0 && std::isfinite(field.limits.high),
             "a fitted parameter is positive and bounded: " + name);
  slots_.push_back({name, value, std::log(field.limits.low), std::log(field.limits.high)});
}

std::vector<double> Parameters::logs() const {
  std::vector<double> result;
  for (const Slot& slot : slots_) {
    const auto* plain = std::get_if<double*>(&slot.value.to);
    const double value = plain != nullptr ? **plain : [&slot] {
      const QuantityRef& quantity = std::get<QuantityRef>(slot.value.to);
      return quantity.get(quantity.object);
    }();
    result.push_back(std::clamp(std::log(value), slot.log_low, slot.log_high));
  }
  return result;
}

void Parameters::set_logs(const double* logs) const {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const double value = std::exp(logs[i]);
    if (const auto* plain = std::get_if<double*>(&slots_[i].value.to)) {
      **plain = value;
    } else {
      const QuantityRef& quantity = std::get<QuantityRef>(slots_[i].value.to);
      quantity.set(quantity.object, value);
    }
  }
}

}  // namespace orrery::calibrate
