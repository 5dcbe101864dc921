// What `validate collectives` promises: how exact predicted times of collectives have to be, and whether they are. Pure:
// errors in, verdicts out; the errors come from the tables of a data folder (calibrate/fit).
#pragma once

#include <string>
#include <vector>

#include "sim/base/error_summary.hpp"

namespace orrery::validate {

/// Of predicted over measured - 1. `within_nodes`: each size predicted from the others. `more_nodes`: the largest number
/// of nodes from fewer. `other_fabrics`: each from its datasheet and what the others taught.
struct CollectiveErrors {
  ErrorSummary within_nodes, more_nodes, other_fabrics;
};

struct CollectiveGoal {
  std::string name;
  double value = 0.0, limit = 0.0;
  int rows = 0;  ///< behind the value; 0 = its tables were not there
  bool is_met() const { return rows == 0 || value <= limit; }
};

std::vector<CollectiveGoal> judge_collectives(const CollectiveErrors& errors);
/// A goal without rows is skipped, not missed.
bool are_met(const std::vector<CollectiveGoal>& goals);

/// One line each.
std::string goals_text(const std::vector<CollectiveGoal>& goals);
/// The last line of the report, `headline: ...`.
std::string goals_headline(const std::vector<CollectiveGoal>& goals);

}  // namespace orrery::validate
