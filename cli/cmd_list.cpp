// `orrery list`: everything that can be named, from every registry and table of kinds.
#include <fmt/format.h>

#include <algorithm>

#include "cli/verb.hpp"
#include "costmodel/collective.hpp"
#include "costmodel/op.hpp"
#include "scenarios/scenario.hpp"
#include "sim/base/error.hpp"
#include "sim/base/unit_text.hpp"
#include "sim/net/link_config.hpp"

namespace orrery::cli {
namespace {

using Groups = std::map<std::string, std::vector<NameAndHelp>>;

template <class Variant>
std::vector<NameAndHelp> names_of_kinds() {
  std::vector<NameAndHelp> result;
  for (const KindName& kind : kinds_of<Variant>()) result.push_back({kind.name, kind.help});
  return result;
}

std::vector<NameAndHelp> plain(const std::vector<std::string>& names) {
  std::vector<NameAndHelp> result;
  for (const std::string& name : names) result.push_back({name, ""});
  return result;
}

/// The link table: bandwidth and latency of one direction, and where they are published.
std::vector<NameAndHelp> links() {
  std::vector<NameAndHelp> result;
  for (const net::LinkPreset& row : net::link_presets()) {
    result.push_back({row.name, fmt::format("{:>10} {:>7}  {}", human(row.spec.bandwidth), human(row.spec.latency),
                                            row.source)});
  }
  return result;
}

/// All registries, then what scenarios choose by `kind`, then the names of the cost model.
Groups all_groups() {
  Groups groups;
  for (const auto& [plural, registry] : registry_catalog()) groups[plural] = registry->names();
  groups["backends"] = {{"cpu", "kernels on this machine's cores, OpenMPI between ranks"},
                        {"cuda", "kernels on NVIDIA GPUs, NCCL between ranks; loaded when asked for"},
                        {"fake", "a machine with known parameters and seeded noise, for trying things out"}};
  groups["datasets"] = names_of_kinds<scenario::DataConfig>();
  groups["optimizers"] = names_of_kinds<model::OptimizerConfig>();
  groups["links"] = links();
  groups["operators"] = plain(cost::class_names());
  groups["collectives"] = plain(cost::collective_names());
  return groups;
}

class List : public Verb {
 public:
  std::string example() const override { return "orrery list models"; }
  void declare(CLI::App& app) override { app.add_option("group", group_, "one group only, such as models"); }

  ExitCode run() override {
    const Groups groups = all_groups();
    if (!group_.empty() && groups.count(group_) == 0) {
      std::vector<std::string> known;
      for (const auto& [name, entries] : groups) known.push_back(name);
      throw ScenarioError("list", "unknown group \"" + group_ + "\"" + spelling_hint(group_, known));
    }
    for (const auto& [name, entries] : groups) {
      if (group_.empty() || group_ == name) print(name, entries);
    }
    return ExitCode::done;
  }

 private:
  static void print(const std::string& title, const std::vector<NameAndHelp>& entries) {
    std::size_t width = 0;
    for (const NameAndHelp& entry : entries) width = std::max(width, entry.name.size());
    fmt::print("{}\n", title);
    for (const NameAndHelp& entry : entries) {
      if (entry.help.empty()) {
        fmt::print("  {}\n", entry.name);
      } else {
        fmt::print("  {:{}}  {}\n", entry.name, width, entry.help);
      }
    }
  }

  std::string group_;
};

const bool registered =
    verbs().add<List>("list", "print everything that can be named: models, operators, verbs, ...");

}  // namespace
}  // namespace orrery::cli
