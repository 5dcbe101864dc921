#include "calibrate/session_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sim/base/unit_text.hpp"

namespace orrery::calibrate {
namespace {

/// Buffers, plans of libraries, warm-up, telemetry: what a visit costs beside its samples.
constexpr double kVisitOverhead = 0.02;
/// Few samples suffice where a call lasts long.
constexpr double kSamples = 12.0;
constexpr double kLeastSampling = 4e-3;
constexpr double kCheckSeconds = 0.4;  // of one class, mostly the CPU's
constexpr double kCompositionSeconds = 1.5;

double call_seconds(const cost::Op& op) {
  const bool matrix_units = cost::has_dtype(op) && cost::dtype(op) != cost::DType::fp32;
  const double rate = matrix_units ? 0.5 * 989e12 : 0.5 * 67e12;
  double bandwidth = 0.5 * 3.35e12;
  if (const auto* copy = std::get_if<cost::Copy>(&op);
      copy != nullptr && copy->kind != cost::CopyKind::device) {
    bandwidth = 0.5 * 64e9;  // PCIe 5 x16
  }
  return 5e-6 + std::max(cost::flops(op).value() / rate, cost::traffic(op).value() / bandwidth);
}

/// cuDNN compiles a kernel for each shape that it has not met before.
constexpr double kPlanningSeconds = 0.5;

bool is_planned_by_library(const cost::Op& op) {
  return std::holds_alternative<cost::Attention>(op) && cost::bytes_of(cost::dtype(op)) == 2;
}

double visit_seconds(const Visit& visit) {
  const auto* op = std::get_if<cost::Op>(&visit.subject);
  const double call = op != nullptr ? call_seconds(*op) : 1e-3;
  const double planning =
      visit.round == 0 && op != nullptr && is_planned_by_library(*op) ? kPlanningSeconds : 0.0;
  return kVisitOverhead + planning + std::max(kLeastSampling, kSamples * call);
}

struct ClassLine {
  int cases = 0;
  double seconds = 0.0;
  double flops = 0.0, bytes = 0.0;  ///< of the largest case
};

double round_seconds(const std::vector<Visit>& plan, int round) {
  double seconds = 0.0;
  for (const Visit& visit : plan) seconds += visit.round == round ? visit_seconds(visit) : 0.0;
  return seconds;
}

double check_seconds(const SessionOptions& options) {
  return kCheckSeconds * static_cast<double>(session_classes(options).size());
}

double composition_seconds(const SessionOptions& options) {
  return kCompositionSeconds * static_cast<double>(session_compositions(options).size());
}

std::string table_line(const std::string& name, const ClassLine& line) {
  return fmt::format("{:<24} {:>6} {:>9.1f} {:>14} {:>12}\n", name, line.cases, line.seconds,
                     human(Flops(line.flops)), human(Bytes(line.bytes)));
}

}  // namespace

double planned_seconds(const SessionOptions& options) {
  return check_seconds(options) + composition_seconds(options) + round_seconds(session_plan(options), 0);
}

std::string plan_text(const SessionOptions& options) {
  const std::vector<Visit> plan = session_plan(options);
  std::map<std::string, ClassLine> lines;
  ClassLine anchors;
  for (const Visit& visit : plan) {
    const auto* op = std::get_if<cost::Op>(&visit.subject);
    if (visit.round != 0 || op == nullptr) continue;
    ClassLine& line = visit.is_anchor ? anchors : lines[class_name(visit.subject)];
    ++line.cases;
    line.seconds += visit_seconds(visit);
    line.flops = std::max(line.flops, cost::flops(*op).value());
    line.bytes = std::max(line.bytes, cost::traffic(*op).value());
  }
  std::string text = fmt::format("{:<24} {:>6} {:>9} {:>14} {:>12}\n", "class", "cases", "seconds",
                                 "most work", "most bytes");
  for (const auto& [name, line] : lines) text += table_line(name, line);
  text += table_line("(anchors, between them)", anchors);
  text += fmt::format("checks of {} classes: about {:.0f} s; {} compositions: about {:.0f} s\n",
                      session_classes(options).size(), check_seconds(options),
                      session_compositions(options).size(), composition_seconds(options));
  for (int round = 0; round < options.sweep.rounds(); ++round) {
    text += fmt::format("round {}: about {:.0f} s\n", round + 1, round_seconds(plan, round));
  }
  const double first = planned_seconds(options);
  text += "times by an H100's datasheet, half of it reached\n";
  if (first > options.budget_s) {
    text += "warning: the first round does not fit; it covers all classes evenly as far as it comes\n";
  }
  text += fmt::format(
      "headline: {} sweep of {} visits; all up to the end of round 1 takes about {:.0f} s of {:.0f} s\n",
      options.sweep.full ? "full" : "quick", plan.size(), first, options.budget_s);
  return text;
}

}  // namespace orrery::calibrate
