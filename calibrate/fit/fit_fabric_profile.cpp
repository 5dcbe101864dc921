#include "calibrate/fit/fit_fabric_profile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "calibrate/fit/fit_fabric.hpp"
#include "sim/base/error.hpp"
#include "sim/base/json_io.hpp"
#include "sim/base/spelling.hpp"

namespace orrery::calibrate {
namespace {

bool is_between_nodes(const FabricGroup& group) {
  return group.points.front().subject.nodes > 1;
}

bool fits(const FabricGroup& group, const std::string& system, const FabricChoice& choice) {
  if (group.spec.system != system) return false;
  if (is_between_nodes(group) != !choice.network.empty()) return false;
  if (!choice.network.empty() && group.spec.network.name != choice.network) return false;
  return group.stack.find(choice.stack) != std::string::npos;
}

/// Six digits are far finer than any measurement and keep the files readable.
void round_digits(cost::Residual& residual) {
  const auto round = [](double& x) { x = std::stod(fmt::format("{:.5g}", x)); };
  for (auto* list : {&residual.points, &residual.weights, &residual.held_out}) {
    for (double& x : *list) round(x);
  }
  for (double* x : {&residual.typical_error, &residual.prior_error}) round(*x);
}

void check_network(const std::string& network) {
  std::vector<std::string> names;
  for (const cost::NetworkSpec& spec : cost::known_networks()) names.push_back(spec.name);
  if (network.empty() || std::find(names.begin(), names.end(), network) != names.end()) return;
  throw ScenarioError("--network", "unknown network \"" + network + "\"" + spelling_hint(network, names));
}

/// The group's wires as its profile stores them: within the node the network plays no part.
cost::FabricSpec stored_spec(const FabricGroup& group) {
  cost::FabricSpec spec = group.spec;
  if (!is_between_nodes(group)) spec.network = cost::find_fabric(spec.system).network;
  return spec;
}

/// A profile stores one fabric for all its stacks: groups that were fitted on different wires cannot share one.
void check_same_fabric(const FabricGroup& first, const FabricGroup& group) {
  const auto a = flatten_fields(stored_spec(first)), b = flatten_fields(stored_spec(group));
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (a[i] == b[i]) continue;
    throw ScenarioError("--collectives", "the tables hold rows of two fabrics, and a profile has one: " + a[i].first +
                                             " is " + a[i].second + " for \"" + first.label + "\" and " + b[i].second +
                                             " for \"" + group.label +
                                             "\"; choose with --stack, or give tables with the rows of one");
  }
}

}  // namespace

cost::FabricProfile fit_fabric_profile(const std::vector<NamedTable>& tables, const FabricChoice& choice) {
  cost::FabricProfile profile;
  profile.fabric = cost::find_fabric(choice.system);
  check_network(choice.network);
  std::set<std::string> there, taken;
  std::optional<FabricGroup> first;
  for (const NamedTable& table : tables) {
    const GroupedRows grouped = group_rows(table.table.rows, table.table.form == "nccl_tests");
    int rows = 0;
    for (const FabricGroup& group : grouped.groups) {
      there.insert(group.spec.system + (is_between_nodes(group) ? " on " + group.spec.network.name : ""));
      if (!fits(group, profile.fabric.system, choice)) continue;
      if (!first) first = group;
      check_same_fabric(*first, group);
      profile.fabric = stored_spec(group);
      cost::StackEntry entry = fit_group(group);
      if (group.stack.empty()) entry.name = table.table.form;
      if (!taken.insert(entry.name).second) entry.name += ", " + group.label;
      for (cost::KindResidual& kind : entry.kinds) round_digits(kind.residual);
      rows += entry.rows;
      profile.stacks.push_back(std::move(entry));
    }
    if (rows > 0) profile.provenance.push_back({table.name, std::to_string(rows) + " rows"});
  }
  if (profile.stacks.empty()) {
    std::string names;
    for (const std::string& name : there) names += (names.empty() ? "" : ", ") + name;
    throw ScenarioError("--system", "no table has such rows; they hold: " + (names.empty() ? "nothing known" : names));
  }
  return profile;
}

std::string fabric_headline(const cost::FabricProfile& profile) {
  int rows = 0, points = 0;
  double median = 0.0, p90 = 0.0;
  for (const cost::StackEntry& stack : profile.stacks) {
    rows += stack.rows;
    for (const cost::DecadeErrors& e : stack.errors) {
      points += e.points;
      median += e.points * e.median;
      p90 += e.points * e.p90;
    }
  }
  const std::string fitted =
      fmt::format("headline: {}: {} stacks from {} rows; ", profile.fabric.system, profile.stacks.size(), rows);
  if (points == 0) return fitted + "no size could be held out";
  return fitted + fmt::format("held-out sizes: median {:.1f} %, p90 {:.1f} % (means over kinds and size decades)",
                              100.0 * median / points, 100.0 * p90 / points);
}

}  // namespace orrery::calibrate
