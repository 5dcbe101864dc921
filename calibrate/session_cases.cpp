// What a session checks and measures, decided from its options alone.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "calibrate/compositions.hpp"
#include "calibrate/session.hpp"
#include "costmodel/profile.hpp"

namespace orrery::calibrate {
namespace {

bool is_wanted(const SessionOptions& options, const std::string& class_text) {
  return options.classes.empty() ||
         std::count(options.classes.begin(), options.classes.end(), class_text) > 0;
}

}  // namespace

std::vector<Visit> session_plan(const SessionOptions& options) {
  std::vector<Visit> plan;
  for (const Visit& visit : plan_sweep(options.sweep)) {
    if (visit.is_anchor || is_wanted(options, class_name(visit.subject))) plan.push_back(visit);
  }
  return plan;
}

std::vector<Composition> session_compositions(const SessionOptions& options) {
  std::vector<Composition> wanted;
  for (Composition& composition : measured_compositions(options.sweep.target)) {
    const auto is_in = [&](const CompositionStep& s) { return is_wanted(options, cost::class_name(s.op)); };
    if (std::all_of(composition.steps.begin(), composition.steps.end(), is_in)) {
      wanted.push_back(std::move(composition));
    }
  }
  return wanted;
}

std::vector<std::string> session_classes(const SessionOptions& options) {
  std::set<std::string> names(options.classes.begin(), options.classes.end());
  if (options.classes.empty()) {
    const std::vector<std::string> all = sweep_classes(options.sweep.target);
    names.insert(all.begin(), all.end());
  }
  for (const AnchorCase& anchor : anchor_cases(1, options.sweep.target)) {
    names.insert(class_name(anchor.subject));
  }
  for (const Composition& composition : session_compositions(options)) {
    for (const CompositionStep& step : composition.steps) names.insert(cost::class_name(step.op));
  }
  return {names.begin(), names.end()};
}

std::string session_plan_name(const SessionOptions& options) {
  const std::vector<Visit> plan = session_plan(options);
  Fingerprint cases;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    cases[std::to_string(i)] =
        fmt::format("{} {} {:.17g} {}", class_name(plan[i].subject), shape_text(plan[i].subject),
                    plan[i].conditions.reuse_distance.value(), plan[i].round);
  }
  return fmt::format("{} seed={} visits={} plan={}", options.sweep.full ? "full" : "quick",
                     options.sweep.seed.value, plan.size(), cost::fingerprint_id(cases));
}

}  // namespace orrery::calibrate
