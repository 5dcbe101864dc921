#include "calibrate/fit/parameters.hpp"

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
  slots_.push_back({name, value, field.limits.low, field.limits.high, std::log(field.limits.low),
                    std::log(field.limits.high)});
}

double Parameters::Slot::get() const {
  if (const auto* plain = std::get_if<double*>(&value.to)) return **plain;
  const QuantityRef& quantity = std::get<QuantityRef>(value.to);
  return quantity.get(quantity.object);
}

void Parameters::Slot::set(double number) const {
  number = std::clamp(number, low, high);
  if (const auto* plain = std::get_if<double*>(&value.to)) {
    **plain = number;
  } else {
    const QuantityRef& quantity = std::get<QuantityRef>(value.to);
    quantity.set(quantity.object, number);
  }
}

std::vector<double> Parameters::logs() const {
  std::vector<double> result;
  for (const Slot& slot : slots_) {
    result.push_back(std::clamp(std::log(slot.get()), slot.log_low, slot.log_high));
  }
  return result;
}

void Parameters::set_logs(const double* logs) const {
  for (std::size_t i = 0; i < slots_.size(); ++i) slots_[i].set(std::exp(logs[i]));
}

void Parameters::change_values(double (*change)(double)) const {
  for (const Slot& slot : slots_) slot.set(change(slot.get()));
}

}  // namespace orrery::calibrate
