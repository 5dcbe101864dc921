#include "scenarios/fabric_estimate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "scenarios/collective_scenario.hpp"
#include "scenarios/option_lookup.hpp"
#include "scenarios/version.hpp"
#include "sim/base/collective_kind.hpp"
#include "sim/base/error.hpp"
#include "sim/base/unit_text.hpp"
#include "workloads/train/uncertainty.hpp"

namespace orrery::scenario {
namespace {

using cost::FabricLevel;

constexpr ElementType kType = ElementType::float32;  // nccl-tests' default

/// What the formula knows: a barrier and gossip have no algorithm there.
bool has_formula(CollectiveKind kind) {
  return kind != CollectiveKind::barrier && kind != CollectiveKind::neighbor_average;
}

CollectiveKind kind_named(const std::string& text) {
  const CollectiveKind kind = named("--kind", [&] { return collective_kind(text); });
  if (has_formula(kind)) return kind;
  std::vector<std::string> known = collective_names();
  std::erase_if(known, [](const std::string& entry) { return !has_formula(collective_kind(entry)); });
  throw ScenarioError("--kind", fmt::format("a fabric profile has no cost of {}; use one of {}", text,
                                            fmt::join(known, ", ")));
}

/// Smallest number of equal nodes whose GPUs fit into a domain.
int fitting_nodes(int ranks, int domain) {
  int nodes = (ranks + domain - 1) / domain;
  while (ranks % nodes != 0) ++nodes;
  return nodes;
}

void check(const cost::FabricSpec& spec, CollectiveKind kind, const FabricCommand& command) {
  const int ranks = command.ranks, nodes = command.nodes;
  if (ranks < 2) throw ScenarioError("--ranks", fmt::format("{} ranks; use at least 2", ranks));
  if (kind == CollectiveKind::point_to_point && ranks != 2) {
    throw ScenarioError(
        "--ranks",
        fmt::format("point_to_point is one message between 2 ranks, not {}; use --ranks 2", ranks));
  }
  if (nodes < 1 || ranks % nodes != 0) {
    throw ScenarioError(
        "--nodes", fmt::format("{} ranks cannot be spread evenly over {} nodes; use --nodes {}", ranks, nodes,
                               fitting_nodes(ranks, spec.domain)));
  }
  if (ranks / nodes > spec.domain) {
    throw ScenarioError(
        "--ranks",
        fmt::format("{} ranks on {} node{}, but a node of {} has {} GPUs; use --nodes {}", ranks, nodes,
                    nodes == 1 ? "" : "s", spec.system, spec.domain, fitting_nodes(ranks, spec.domain)));
  }
}

std::string level_name(const cost::FabricSpec& spec, FabricLevel level) {
  if (level == FabricLevel::network) return "adapters of a node";
  return spec.shape == cost::DomainShape::host ? "PCIe of a GPU" : "NVLink of a GPU";
}

cost::FabricSpec twice_as_fast(cost::FabricSpec spec, FabricLevel level) {
  if (level == FabricLevel::network) {
    spec.network.bandwidth *= 2.0;
  } else {
    spec.link_bandwidth *= 2.0;
    for (double& gbps : spec.ring_bandwidth_gbps) gbps *= 2.0;
  }
  return spec;
}

/// The profile's machine and one of its stacks.
class FittedFabric {
 public:
  FittedFabric(const cost::FabricProfile& profile, const std::string& stack) : spec_(profile.fabric) {
    if (!profile.stacks.empty()) {
      stack_ = named("--stack", [&] { return &cost::find_stack(profile, stack); });
    }
    if (profile.stacks.empty() && !stack.empty()) {
      throw ScenarioError(
          "--stack", fmt::format("{} has no profile, so no fitted stack; leave --stack away", spec_.system));
    }
  }

  std::string stack_name() const { return stack_ == nullptr ? "" : stack_->name; }
  cost::CollectiveEstimate estimate(const cost::FabricCase& c) const {
    return stack_ == nullptr ? cost::estimate_collective(spec_, c)
                             : cost::estimate_collective(spec_, *stack_, c);
  }
  /// The formula without the interpolated rest, on this machine or a changed one.
  cost::FabricTime formula(const cost::FabricCase& c, const cost::FabricSpec& spec) const {
    return cost::fabric_time(spec, stack_ == nullptr ? cost::CollectiveStack{} : stack_->coefficients, c);
  }
  cost::FabricTime formula(const cost::FabricCase& c) const { return formula(c, spec_); }
  const cost::FabricSpec& spec() const { return spec_; }

 private:
  const cost::FabricSpec& spec_;
  const cost::StackEntry* stack_ = nullptr;
};

FabricCaseReport case_report(const FittedFabric& fabric, const cost::FabricCase& asked) {
  cost::FabricCase c = asked;
  const std::int64_t elements = whole_elements(c.kind, c.ranks, c.bytes, kType);
  c.bytes = static_cast<double>(elements) * size_of(kType);
  const cost::CollectiveEstimate answer = fabric.estimate(c);
  const cost::FabricTime formula = fabric.formula(c);
  const Seconds time = answer.estimate.time;
  const train::Limits80 limits = train::limits80(time, answer.estimate.rel_error);
  const BytesPerSec bandwidth = cost::level_bandwidth(fabric.spec(), c, formula.pace);
  FabricCaseReport report;
  report.size_bytes = std::llround(c.bytes.value());
  report.count = count_of(c.kind, c.ranks, elements);
  report.algorithm = answer.algorithm;
  report.protocol = answer.protocol;
  report.time_s = time.value();
  report.time_low_s = limits.low.value();
  report.time_high_s = limits.high.value();
  report.rel_error = answer.estimate.rel_error;
  report.algbw_bytes_per_s = (c.bytes / time).value();
  report.busbw_bytes_per_s = report.algbw_bytes_per_s * busbw_factor(c.kind, c.ranks);
  report.source = cost::name(answer.estimate.source);
  report.start_share = std::min(1.0, formula.start / formula.seconds);
  report.limit = level_name(fabric.spec(), formula.pace);
  report.limit_bandwidth_bytes_per_s = bandwidth.value();
  report.carried_bytes = formula.carried.value();
  report.limit_utilisation = formula.carried / (bandwidth * time);
  return report;
}

/// What the formula's time does in proportion, the estimate is taken to do.
CollectiveWhatIf faster(const FittedFabric& fabric, cost::FabricCase c, const FabricCaseReport& report) {
  c.bytes = Bytes(static_cast<double>(report.size_bytes));
  const cost::FabricTime now = fabric.formula(c);
  const double ratio = fabric.formula(c, twice_as_fast(fabric.spec(), now.pace)).seconds / now.seconds;
  return {"twice the bandwidth of the " + report.limit, report.time_s * ratio, ratio - 1.0};
}

std::string verdict(const FabricReport& report, const FabricCaseReport& c, const CollectiveWhatIf& faster) {
  const std::string place =
      fmt::format("{} ranks{} of {}", report.ranks,
                  report.nodes > 1 ? fmt::format(" on {} nodes", report.nodes) : "", report.system);
  const std::string what = fmt::format("{} of {} on {} with {} ({}) takes {} ({} to {}, {})",
                                       report.collective, human(Bytes(static_cast<double>(c.size_bytes))),
                                       place, c.algorithm, c.protocol, human(Seconds(c.time_s)),
                                       human(Seconds(c.time_low_s)), human(Seconds(c.time_high_s)), c.source);
  const std::string busy =
      fmt::format("the {} at {:.0f} % of the datasheet's {}", c.limit, 100.0 * c.limit_utilisation,
                  human(BytesPerSec(c.limit_bandwidth_bytes_per_s)));
  if (c.start_share > 0.5) {
    return fmt::format(
        "{}: {:.0f} % of it is launch, steps and latency, which bandwidth does not change ({}).", what,
        100.0 * c.start_share, busy);
  }
  return fmt::format(
      "{}: limited by {}; twice its bandwidth gives {} ({:+.0f} %), launch, steps and latency are {:.1f} %.",
      what, busy, human(Seconds(faster.time_s)), 100.0 * faster.relative_change, 100.0 * c.start_share);
}

}  // namespace

FabricReport estimate(const cost::FabricProfile& profile, const FabricCommand& command) {
  const CollectiveKind kind = kind_named(command.collective);
  check(profile.fabric, kind, command);
  const FittedFabric fabric(profile, command.stack);
  FabricReport report;
  report.orrery_version = version();
  report.system = profile.fabric.system;
  report.network = profile.fabric.network.name;
  report.stack = fabric.stack_name();
  report.collective = name(kind);
  report.dtype = std::string(names_of(kType)[static_cast<std::size_t>(kType)]);
  report.ranks = command.ranks;
  report.nodes = command.nodes;
  report.note = profile.note;
  for (const cost::Fact& table : profile.provenance) report.tables.push_back(table.name + ": " + table.value);
  cost::FabricCase c{kind, Bytes(0.0), command.ranks, command.nodes};
  for (const Bytes size : parse_sizes(command.sizes, "--sizes")) {
    c.bytes = size;
    report.cases.push_back(case_report(fabric, c));
  }
  report.what_if = {faster(fabric, c, report.cases.back())};
  report.verdict = verdict(report, report.cases.back(), report.what_if.front());
  return report;
}

}  // namespace orrery::scenario
