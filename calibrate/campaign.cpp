#include "calibrate/campaign.hpp"

#include <algorithm>

#include "costmodel/profile.hpp"

namespace orrery::calibrate {
namespace {

/// Shares of a visit that the stopping rule does not see: buffers, warm-up.
constexpr double kOverheadShare = 0.4;

StoppingRule rule_for(double allowance_s) {
  StoppingRule rule;
  rule.max_time_s = std::clamp((1.0 - kOverheadShare) * allowance_s, 2e-3, 0.5);
  rule.min_time_s = std::min(2e-3, 0.5 * rule.max_time_s);
  rule.min_samples = 3;
  return rule;
}

}  // namespace

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

void run_campaign(Backend& backend, const std::vector<Visit>& plan, std::size_t first, double elapsed_s,
                  double budget_s, const Clock& clock, const CampaignEvents& events) {
  const RowLabels labels = row_labels(backend);
  const double start = clock() - elapsed_s;
  for (std::size_t i = first; i < plan.size(); ++i) {
    const Visit& visit = plan[i];
    const double now = clock() - start;
    const double left_s = std::max(0.0, budget_s - now);
    if (backend.rank() == 0 && events.progress) events.progress(i, plan.size(), left_s);
    const double allowance_s = backend.max_over_ranks(left_s / static_cast<double>(plan.size() - i));
    Measurement row = measure(backend, visit.subject, visit.conditions, rule_for(allowance_s), clock);
    if (backend.rank() != 0) continue;
    row.is_anchor = visit.is_anchor;
    row.round = visit.round;
    row.start_s = now;
    row.backend = labels.backend;
    row.device = labels.device;
    row.algorithm = labels.algorithm;
    row.fingerprint_id = labels.fingerprint_id;
    if (events.row) events.row(row);
  }
}

}  // namespace orrery::calibrate
