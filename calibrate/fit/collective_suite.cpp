#include "calibrate/fit/collective_suite.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>

#include "sim/base/error.hpp"
#include "sim/base/json_io.hpp"

namespace orrery::calibrate {
namespace {

using Rows = std::vector<ScoredRow>;

void append(Rows& to, const Rows& from) {
  to.insert(to.end(), from.begin(), from.end());
}

bool is_between_nodes(const FabricGroup& group) {
  return group.points.front().subject.nodes > 1;
}

/// All coefficients but one, by name.
std::vector<std::string> all_but(const std::string& name) {
  std::vector<std::string> names;
  for (const auto& [path, value] : flatten_fields(cost::CollectiveStack{})) {
    if (path != name) names.push_back(path);
  }
  return names;
}

std::vector<FabricTarget> targets_where(const std::vector<FabricGroup>& groups, auto&& keep) {
  std::vector<FabricTarget> targets;
  for (const FabricGroup& group : groups) {
    for (const FabricPoint& point : group.points) {
      if (keep(group, point)) targets.push_back({&group.spec, &point});
    }
  }
  return targets;
}

/// Each fabric from its datasheet and the pooled stack, with the hops between nodes (network_transits) fitted on the
/// logs of all other fabrics.
Rows hold_out_fabrics(const std::vector<FabricGroup>& groups) {
  Rows rows;
  for (const FabricGroup& group : groups) {
    if (!is_between_nodes(group)) continue;
    cost::StackEntry stack;
    const auto others = targets_where(groups, [&group](const FabricGroup& g, const FabricPoint& p) {
      return g.spec.network.name != group.spec.network.name && cost::domains(g.spec, p.subject) > 1;
    });
    if (!others.empty()) stack.coefficients = fit_stack(others, {}, {all_but("network_transits"), 40});
    append(rows, predict_rows(group, stack));
  }
  return rows;
}

/// The largest number of nodes from all smaller ones.
Rows extrapolate_nodes(const std::vector<FabricGroup>& groups, int& nodes) {
  nodes = 1;
  for (const FabricGroup& group : groups) {
    for (const FabricPoint& point : group.points) nodes = std::max(nodes, point.subject.nodes);
  }
  const auto kept = targets_where(
      groups, [nodes](const FabricGroup&, const FabricPoint& p) { return p.subject.nodes < nodes; });
  Rows rows;
  if (kept.empty()) return rows;
  cost::StackEntry stack;
  stack.coefficients = fit_stack(kept, {});
  for (const FabricGroup& group : groups) {
    for (const ScoredRow& row : predict_rows(group, stack)) {
      if (row.row->subject.nodes == nodes) rows.push_back(row);
    }
  }
  return rows;
}

/// Fitted within nodes, and not on this file.
bool may_predict(const cost::FabricProfile& profile, const std::string& file) {
  const bool knows = std::any_of(profile.provenance.begin(), profile.provenance.end(),
                                 [&file](const cost::Fact& fact) { return file.find(fact.name) != std::string::npos; });
  const auto spans_nodes = [](const cost::KindResidual& kind) { return kind.residual.high.at(2) > 0.0; };
  return !knows && std::none_of(profile.stacks.begin(), profile.stacks.end(), [&](const cost::StackEntry& stack) {
    return std::any_of(stack.kinds.begin(), stack.kinds.end(), spans_nodes);
  });
}

/// The committed profile of a group's machine, or of its sibling, that may predict this file; nullptr where there is none.
const cost::FabricProfile* profile_of(const std::vector<cost::FabricProfile>& profiles, const FabricGroup& group,
                                      const std::string& file) {
  for (const std::string& system : {group.spec.system, cost::measured_sibling(group.spec.system)}) {
    for (const cost::FabricProfile& profile : profiles) {
      if (profile.fabric.system == system && may_predict(profile, file)) return &profile;
    }
  }
  return nullptr;
}

class Scorer {
 public:
  explicit Scorer(const std::vector<cost::FabricProfile>& profiles) : profiles_(profiles) {}

  void score(const std::string& path, const std::string& text) {
    tables_.push_back(std::make_unique<CollectiveTable>(read_collectives(text, path)));  // rows point into it
    const CollectiveTable& table = *tables_.back();
    const GroupedRows grouped = group_rows(table.rows, table.form == "nccl_tests");
    if (grouped.unknown_rows > 0) {
      std::string names;
      for (const std::string& name : grouped.unknown) names += (names.empty() ? "" : ", ") + name;
      suite_.skipped.push_back(
          fmt::format("{}: {} rows of systems without a datasheet here ({})", path, grouped.unknown_rows, names));
    }
    Rows within, between;
    if (table.form != "ultrascale") {
      for (const FabricGroup& group : grouped.groups) {
        append(is_between_nodes(group) ? between : within, hold_out_sizes(group));
      }
    }
    part(path, "in-node, leave one size out", within);
    append(within_, within);
    part(path, "between nodes, leave one size out", between);
    if (table.form == "nccl_tests") {
      const Rows rows = hold_out_fabrics(grouped.groups);
      part(path, "between nodes, leave one fabric out", rows);
      append(fabrics_, rows);
    }
    if (table.form == "ultrascale") {
      int nodes = 1;
      const Rows rows = extrapolate_nodes(grouped.groups, nodes);
      part(path, fmt::format("{} nodes from fewer, extrapolated", nodes), rows);
      append(growth_, rows);
    }
    elsewhere(path, grouped);
  }

  CollectiveSuite finish() {
    suite_.within_nodes = summarise(within_);
    suite_.more_nodes = summarise(growth_);
    suite_.other_fabrics = summarise(fabrics_);
    return std::move(suite_);
  }
  void skip(const std::string& line) { suite_.skipped.push_back(line); }

 private:
  /// What the committed profiles and datasheets say of a table that they have not seen.
  void elsewhere(const std::string& path, const GroupedRows& grouped) {
    Rows profiled, datasheet;
    for (const FabricGroup& group : grouped.groups) {
      const cost::FabricProfile* profile = is_between_nodes(group) ? nullptr : profile_of(profiles_, group, path);
      append(profile != nullptr ? profiled : datasheet,
             predict_rows(group, profile != nullptr ? cost::find_stack(*profile) : cost::StackEntry{}));
    }
    part(path, "from the committed profile of the system", profiled);
    part(path, "from the datasheet and the pooled stack", datasheet);
  }

  void part(const std::string& path, const std::string& what, const Rows& rows) {
    if (rows.empty()) return;
    std::map<CollectiveKind, Rows> kinds;
    for (const ScoredRow& row : rows) kinds[row.row->subject.kind].push_back(row);
    SuitePart part{path, what, summarise(rows), {}};
    for (const auto& [kind, members] : kinds) part.kinds.emplace_back(name(kind), summarise(members));
    suite_.parts.push_back(std::move(part));
  }

  const std::vector<cost::FabricProfile>& profiles_;
  std::vector<std::unique_ptr<CollectiveTable>> tables_;
  CollectiveSuite suite_;
  Rows within_, growth_, fabrics_;
};

std::string figures(const ErrorSummary& s) {
  return fmt::format("{:>6} {:>8.1f} {:>8.1f} {:>+8.1f}", s.count, 100.0 * s.median, 100.0 * s.p90, 100.0 * s.bias);
}

}  // namespace

std::vector<std::string> suite_paths() {
  return {"collectives/aiconfigurator_nccl.csv",
          "collectives/aiconfigurator_custom_allreduce.csv",
          "collectives/vidur_network.csv.gz",
          "collectives/nccl_tests_logs.csv",
          "collectives/ml_engineering_tables.csv",
          "collectives/apex_h100_h200_v100.csv",
          "collectives/tokensim_v100_nccl_tests.csv",
          "training/vtrain_nccl_allreduce_luts.csv",
          "training/ultrascale_collective_bandwidth.csv"};
}

CollectiveSuite score_collectives(const std::vector<SuiteFile>& files,
                                  const std::vector<cost::FabricProfile>& profiles) {
  Scorer scorer(profiles);
  for (const SuiteFile& file : files) {
    if (!file.text) {
      scorer.skip(file.path + ": " + file.problem);
      continue;
    }
    try {
      scorer.score(file.path, *file.text);
    } catch (const ScenarioError& error) {  // one table that cannot be read does not lose the others
      scorer.skip(error.what());
    }
  }
  return scorer.finish();
}

std::string suite_text(const CollectiveSuite& suite) {
  std::string text = "errors of predicted over measured time, in %\n";
  text += fmt::format("{:<44} {:>6} {:>8} {:>8} {:>8}\n", "table, how predicted", "rows", "median", "p90", "bias");
  std::string file;
  for (const SuitePart& part : suite.parts) {
    if (part.file != file) text += part.file + "\n";
    file = part.file;
    text += fmt::format("  {:<42} {}\n", part.what, figures(part.errors));
    for (const auto& [kind, errors] : part.kinds) {
      if (part.kinds.size() > 1) text += fmt::format("    {:<40} {}\n", kind, figures(errors));
    }
  }
  for (const std::string& line : suite.skipped) text += "skipped: " + line + "\n";
  return text;
}

}  // namespace orrery::calibrate
