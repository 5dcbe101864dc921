// Every registered variant in several configurations, without knowing any of them: its defaults, the smallest numbers that
// it allows, and all numbers equal to the learners; each with the first and the last alternative of every choice.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "workloads/sync/variant.hpp"

namespace orrery::sync {

/// Sets counts (not times, ratios or what is optional) and choices.
class SetNumbers final : public FieldVisitor {
 public:
  SetNumbers(std::optional<std::int64_t> number, bool last) : number_(number), last_(last) {}

 protected:
  void visit(const Field& field, const ValueRef& value) override {
    if (const auto* integer = std::get_if<IntegerRef>(&value.to); integer != nullptr && number_) {
      const double low = std::max(field.limits.low, static_cast<double>(integer->low));
      const double high = std::min(field.limits.high, static_cast<double>(integer->high));
      integer->set(integer->object,
                   static_cast<std::int64_t>(std::clamp(static_cast<double>(*number_), low, high)));
    }
    if (const auto* choice = std::get_if<EnumRef>(&value.to))
      choice->set(choice->object, last_ ? choice->names.size() - 1 : 0);
  }

 private:
  std::optional<std::int64_t> number_;
  bool last_;
};

inline Registered<Variant> with_numbers(const std::string& name, std::optional<std::int64_t> number, bool last = false) {
  Registered<Variant> variant(name);
  SetNumbers visitor(number, last);
  variant->visit(visitor);
  return variant;
}
/// The configuration in which one learner is plain SGD.
inline Registered<Variant> with_smallest_numbers(const std::string& name) { return with_numbers(name, 0); }

inline std::vector<Registered<Variant>> option_sets(const std::string& name, int learners) {
  std::vector<Registered<Variant>> sets;
  for (const bool last : {false, true}) {
    for (const std::optional<std::int64_t> number : {std::optional<std::int64_t>(), std::optional<std::int64_t>(0),
                                                     std::optional<std::int64_t>(learners)}) {
      Registered<Variant> one = with_numbers(name, number, last);
      const std::string label = one->label();  // two of one label are the same
      if (std::none_of(sets.begin(), sets.end(), [&](const auto& other) { return other->label() == label; }))
        sets.push_back(std::move(one));
    }
  }
  return sets;
}

}  // namespace orrery::sync
