// "auto" or one of the registered collective algorithms with its options, as one field: {"kind": "ring", "channels": 2},
// or just "auto" or "ring". With auto the cheapest of the algorithms that can do the request is taken.
#pragma once

#include <optional>
#include <string>

#include "sim/collective/algorithm.hpp"

namespace orrery::scenario {

class AlgorithmChoice {
 public:
  AlgorithmChoice() = default;  ///< auto
  /// Throws ScenarioError with the nearest name.
  explicit AlgorithmChoice(const std::string& name);

  bool automatic() const { return !chosen_; }
  /// "auto" or the algorithm's name.
  std::string name() const { return chosen_ ? chosen_->name() : "auto"; }
  /// The name with the options that are not the defaults: "parameter_server (servers 4)".
  std::string label() const;
  /// REQUIRES: not automatic.
  const Registered<collective::Algorithm>& algorithm() const { return *chosen_; }

  /// Hosts beside those of the ranks: for parameter servers. How many there are is configured and does not depend on the
  /// number of ranks. None for auto.
  int extra_hosts(CollectiveKind kind) const;

  /// For the field visitors (sim/base/fields.hpp).
  ChoiceRef choice_ref();

 private:
  std::optional<Registered<collective::Algorithm>> chosen_;
};

}  // namespace orrery::scenario
