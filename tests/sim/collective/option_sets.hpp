// The options of each collective algorithm, found through its own description: the defaults, every combination of small
// values of its numbers, and every registered name in each of its names (alone, and beside numbers of 2). So a new option
// is under test the moment it exists. A set may be one that the algorithm refuses on every request.
#pragma once

#include <string>
#include <vector>

#include "sim/base/json_io.hpp"
#include "sim/collective/algorithm.hpp"

namespace orrery::collective {

struct OptionSet {
  Registered<Algorithm> algorithm;
  std::string text;  ///< "ring, channels 3"; the name alone for the defaults
};

namespace option_sets {

/// Sets one field.
class Set final : public FieldVisitor {
 public:
  Set(std::string name, std::int64_t number, std::string text)
      : name_(std::move(name)), number_(number), text_(std::move(text)) {}

 private:
  void visit(const Field& field, const ValueRef& value) override {
    if (field.name != name_) return;
    if (auto* const number = std::get_if<IntegerRef>(&value.to)) number->set(number->object, number_);
    if (auto* const text = std::get_if<std::string*>(&value.to)) **text = text_;
  }

  std::string name_;
  std::int64_t number_;
  std::string text_;
};

/// What there is to be set.
class List final : public FieldVisitor {
 public:
  std::vector<std::pair<std::string, Limits>> numbers;
  std::vector<std::string> texts;

 private:
  void visit(const Field& field, const ValueRef& value) override {
    const bool number = std::holds_alternative<IntegerRef>(value.to);
    SIM_ASSERT(number || std::holds_alternative<std::string*>(value.to), "options are numbers and names");
    if (number) {
      numbers.emplace_back(field.name, field.limits);
    } else {
      texts.emplace_back(field.name);
    }
  }
};

inline OptionSet with(OptionSet set, const std::string& field, std::int64_t number, const std::string& text) {
  Set setter(field, number, text);
  set.algorithm->visit(setter);
  set.text += ", " + field + " " + (text.empty() ? std::to_string(number) : text);
  return set;
}

}  // namespace option_sets

/// The defaults first.
inline std::vector<OptionSet> option_sets_of(const std::string& name) {
  OptionSet defaults{Registered<Algorithm>(name), name};
  option_sets::List list;
  defaults.algorithm->visit(list);
  std::vector<OptionSet> sets{defaults};
  OptionSet twos = defaults;
  for (const auto& [field, limits] : list.numbers) {
    twos = option_sets::with(twos, field, 2, "");
    const std::vector<OptionSet> before = sets;
    for (const OptionSet& set : before) {
      for (const std::int64_t number : {1, 2, 3, 5}) {
        if (limits.allows(static_cast<double>(number))) sets.push_back(option_sets::with(set, field, number, ""));
      }
    }
  }
  for (const std::string& field : list.texts) {
    for (const NameAndHelp& other : Algorithm::registry().names()) {
      for (const OptionSet& set : {defaults, twos}) sets.push_back(option_sets::with(set, field, 0, other.name));
    }
  }
  return sets;
}

/// Of all algorithms.
inline std::vector<OptionSet> all_option_sets() {
  std::vector<OptionSet> all;
  for (const NameAndHelp& entry : Algorithm::registry().names()) {
    for (OptionSet& set : option_sets_of(entry.name)) all.push_back(std::move(set));
  }
  return all;
}

}  // namespace orrery::collective
