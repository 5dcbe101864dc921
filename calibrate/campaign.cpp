#include "calibrate/campaign.hpp"

#include <algorithm>

#include "costmodel/profile.hpp"

namespace orrery::calibrate {
namespace {

/// Shares of a visit that the stopping rule does not see: buffers, warm-up.
constexpr double kOverheadShare = 0.4;

StoppingRule rule_for(double allowance_s, double most_s) {
  StoppingRule rule;
  rule.max_time_s = std::clamp((1.0 - kOverheadShare) * allowance_s, 2e-3, most_s);
  rule.min_time_s = std::min(2e-3, 0.5 * rule.max_time_s);
  rule.min_samples = 3;
  return rule;
}

/// The visit, or an empty row that says why its class is left out.
Measurement visit_case(Backend& backend, const Visit& visit, const CampaignOptions& options,
                       double allowance_s, const Clock& clock) {
  auto excluded = options.excluded.find(class_name(visit.subject));
  if (excluded == options.excluded.end()) excluded = options.excluded.find(case_text(visit.subject));
  if (excluded == options.excluded.end()) {
    Measurement row =
        measure(backend, visit.subject, visit.conditions, rule_for(allowance_s, options.visit_most_s), clock);
    // No table may hold such a time, and one row must not make all others unreadable.
    if (backend.rank() == 0 && row.is_measured() && !(row.times.median_s > 0.0)) {
      row.skipped = "its time is below what the clock can tell";
    }
    return row;
  }
  Measurement row;
  row.subject = visit.subject;
  row.conditions = visit.conditions;
  row.ranks = backend.ranks();
  row.skipped = excluded->second;
  return row;
}

}  // namespace

std::string case_text(const Case& subject) {
  return class_name(subject) + " " + shape_text(subject);
}

RowLabels row_labels(const Backend& backend) {
  const Fingerprint facts = backend.fingerprint();
  const auto fact = [&facts](const std::string& name) {
    const auto found = facts.find(name);
    return found == facts.end() ? std::string() : found->second;
  };
  RowLabels labels;
  labels.backend = backend.name();
  labels.device =
      facts.count("cpu") > 0 ? fact("cpu") + ", " + fact("cpus_online") + " CPUs" : fact("device");
  labels.algorithm = fact("algorithm");
  if (facts.count("onednn") > 0) {
    labels.algorithm = "oneDNN " + fact("onednn") + " " + fact("onednn_isa") + " + " + fact("mpi");
  }
  labels.fingerprint_id = cost::fingerprint_id(facts);
  return labels;
}

std::size_t run_campaign(Backend& backend, const std::vector<Visit>& plan, const CampaignOptions& options,
                         const Clock& clock, const CampaignEvents& events) {
  const RowLabels labels = row_labels(backend);
  const double start = clock() - options.elapsed_s;
  for (std::size_t i = options.first; i < plan.size(); ++i) {
    const Visit& visit = plan[i];
    const double now = clock() - start;
    const double left_s = backend.max_over_ranks(std::max(0.0, options.budget_s - now));
    if (options.stop_at_budget && left_s <= 0.0) return i;
    if (backend.rank() == 0 && events.progress) events.progress(i, plan.size(), left_s);
    const double allowance_s = left_s / static_cast<double>(plan.size() - i);
    Measurement row = visit_case(backend, visit, options, allowance_s, clock);
    const std::string reason = row.skipped;
    const bool is_lost = backend.is_lost();
    if (is_lost) row.skipped = kDeviceLost + reason;
    if (backend.rank() == 0) {
      row.is_anchor = visit.is_anchor;
      row.round = visit.round;
      row.start_s = now;
      row.backend = labels.backend;
      row.device = labels.device;
      row.algorithm = labels.algorithm;
      row.fingerprint_id = labels.fingerprint_id;
      if (events.row) events.row(row);
    }
    if (is_lost) {
      throw BackendError("the device is lost after " + case_text(visit.subject) + ": " + reason +
                         "; what was measured is kept, start again to go on behind this case");
    }
  }
  return plan.size();
}

}  // namespace orrery::calibrate
