#include "validate/score.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "sim/base/error.hpp"
#include "sim/base/stats.hpp"

namespace orrery::validate {
namespace {

constexpr double kMostExtrapolated = 0.1;

/// The values of one list of all runs behind one another.
std::vector<double> pooled(const std::vector<const MeasuredRun*>& runs,
                           std::vector<double> MeasuredRun::*list) {
  std::vector<double> all;
  for (const MeasuredRun* run : runs) all.insert(all.end(), (run->*list).begin(), (run->*list).end());
  return all;
}

double pooled_median(const std::vector<const MeasuredRun*>& runs, std::vector<double> MeasuredRun::*list) {
  return median(pooled(runs, list));
}

ConfigScore score_config(const Predicted& predicted, const std::vector<const MeasuredRun*>& runs) {
  ConfigScore result;
  result.predicted = predicted;
  const std::vector<double> steps = pooled(runs, &MeasuredRun::step_s);
  result.measured_s = median(steps);
  result.p10_s = quantile(steps, 0.1);
  result.p90_s = quantile(steps, 0.9);
  result.error = predicted.step_s / result.measured_s - 1.0;
  result.covered = predicted.low_s <= result.measured_s && result.measured_s <= predicted.high_s;
  result.inside_grid = predicted.extrapolated_share <= kMostExtrapolated;
  result.measured = {
      pooled_median(runs, &MeasuredRun::forward_s), pooled_median(runs, &MeasuredRun::backward_s),
      pooled_median(runs, &MeasuredRun::communication_s), pooled_median(runs, &MeasuredRun::update_s)};
  result.runs = static_cast<int>(runs.size());
  if (runs.size() > 1) result.repeat = std::abs(std::log(median(runs[0]->step_s) / median(runs[1]->step_s)));
  return result;
}

template <class Keep>
ErrorSummary accuracy(const std::vector<ConfigScore>& configs, Keep keep) {
  std::vector<double> errors;
  for (const ConfigScore& config : configs) {
    if (keep(config)) errors.push_back(config.error);
  }
  return summarise_errors(errors);
}

bool is_gpt(const ConfigScore& config) {
  return config.predicted.model.rfind("gpt", 0) == 0;
}

void judge(Score& score, const Tolerance& tolerance) {
  const bool within = score.all.median <= tolerance.median && score.all.p90 <= tolerance.p90;
  score.passed = score.all.median <= std::max(tolerance.median, score.noise_median) &&
                 score.all.p90 <= std::max(tolerance.p90, score.noise_p90);
  score.verdict = fmt::format(
      "{}: median error {:.1f} % (tolerance {:.0f} %), 90th percentile {:.1f} % (tolerance {:.0f} %)",
      within         ? "within tolerance"
      : score.passed ? "below the machine's noise floor"
                     : "OUTSIDE TOLERANCE",
      score.all.median * 100, tolerance.median * 100, score.all.p90 * 100, tolerance.p90 * 100);
  if (!within && score.repeated > 0) {
    score.verdict +=
        fmt::format("; two identical real runs differ by {:.1f} % (median) and {:.1f} % (90th percentile)",
                    score.noise_median * 100, score.noise_p90 * 100);
  }
}

}  // namespace

Score score(const Predictions& predictions, const std::vector<MeasuredRun>& runs,
            const Tolerance& tolerance) {
  std::map<std::string, std::vector<const MeasuredRun*>> by_config;
  for (const MeasuredRun& run : runs) by_config[run.config].push_back(&run);

  Score result;
  std::vector<double> repeats;
  double covered = 0;
  for (const Predicted& predicted : predictions.predictions) {
    const auto found = by_config.find(predicted.config);
    if (found == by_config.end()) continue;
    std::sort(found->second.begin(), found->second.end(),
              [](const MeasuredRun* a, const MeasuredRun* b) { return a->run < b->run; });
    result.configs.push_back(score_config(predicted, found->second));
    const ConfigScore& config = result.configs.back();
    covered += config.covered ? 1.0 : 0.0;
    if (config.runs > 1) repeats.push_back(config.repeat);
  }
  if (result.configs.empty()) {
    throw ScenarioError("", "no measured run belongs to any prediction: nothing to score");
  }
  result.coverage = covered / static_cast<double>(result.configs.size());
  result.repeated = static_cast<int>(repeats.size());
  if (!repeats.empty()) {
    result.noise_median = median(repeats);
    result.noise_p90 = quantile(repeats, 0.9);
  }
  const auto& configs = result.configs;
  result.all = accuracy(configs, [](const ConfigScore&) { return true; });
  result.inside_grid = accuracy(configs, [](const ConfigScore& c) { return c.inside_grid; });
  result.outside_grid = accuracy(configs, [](const ConfigScore& c) { return !c.inside_grid; });
  result.mlp = accuracy(configs, [](const ConfigScore& c) { return !is_gpt(c); });
  result.gpt = accuracy(configs, is_gpt);
  judge(result, tolerance);
  return result;
}

}  // namespace orrery::validate
