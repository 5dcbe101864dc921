#include "validate/collective_goals.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace orrery::validate {
namespace {

std::string value_text(const CollectiveGoal& goal) {
  return goal.rows == 0 ? "no table" : fmt::format("{:.1f} %", 100.0 * goal.value);
}

const char* verdict(const CollectiveGoal& goal) {
  return goal.rows == 0 ? "skipped" : goal.is_met() ? "met" : "missed";
}

}  // namespace

std::vector<CollectiveGoal> judge_collectives(const CollectiveErrors& errors) {
  const ErrorSummary &within = errors.within_nodes, &more = errors.more_nodes, &other = errors.other_fabrics;
  return {{"in-node, leave one size out: median", within.median, 0.05, within.count},
          {"in-node, leave one size out: p90", within.p90, 0.15, within.count},
          {"more nodes than fitted: median", more.median, 0.10, more.count},
          {"other fabrics from datasheets: median", other.median, 0.15, other.count}};
}

bool are_met(const std::vector<CollectiveGoal>& goals) {
  return std::all_of(goals.begin(), goals.end(), [](const CollectiveGoal& goal) { return goal.is_met(); });
}

std::string goals_text(const std::vector<CollectiveGoal>& goals) {
  std::string text = "goals\n";
  for (const CollectiveGoal& goal : goals) {
    text += fmt::format("  {:<42} {:>9} <= {:>2.0f} %: {}\n", goal.name, value_text(goal), 100.0 * goal.limit,
                        verdict(goal));
  }
  return text;
}

std::string goals_headline(const std::vector<CollectiveGoal>& goals) {
  std::string text;
  for (const CollectiveGoal& goal : goals) {
    text += fmt::format("{}{} {} ({})", text.empty() ? "" : "; ", goal.name, value_text(goal), verdict(goal));
  }
  return "headline: " + text + "\n";
}

}  // namespace orrery::validate
