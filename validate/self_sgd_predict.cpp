#include "validate/self_sgd_predict.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/base/error.hpp"
#include "sim/base/stats.hpp"
#include "workloads/learn/digits.hpp"
#include "workloads/sgd/engine.hpp"

namespace orrery::validate {
namespace {

/// Six digits are plenty for a comparison and keep the files short.
double six_digits(double value) {
  if (value == 0.0 || !std::isfinite(value)) return value;
  const double scale = std::pow(10.0, 5.0 - std::floor(std::log10(std::abs(value))));
  return std::round(value * scale) / scale;
}

const learn::Dataset& digits() {
  static const learn::Dataset data = learn::digits_dataset();
  return data;
}

bool same(const Registered<sync::Variant>& a, const Registered<sync::Variant>& b) {
  return a->label() == b->label();
}

double median_loss(const std::vector<SgdOutcome>& outcomes, std::size_t point) {
  std::vector<double> losses;
  for (const SgdOutcome& outcome : outcomes) losses.push_back(outcome.losses.at(point));
  return median(losses);
}

}  // namespace

SelfSgdCalibration calibrate_self_sgd(const std::vector<SelfSgdRun>& runs) {
  if (runs.empty()) throw ScenarioError("", "no calibration run");
  SelfSgdCalibration mean;
  double low = std::numeric_limits<double>::infinity(), high = 0.0;
  for (const SelfSgdRun& run : runs) {
    const double share = 1.0 / static_cast<double>(runs.size()), overhead = run.late_s + run.reply_s;
    low = std::min(low, overhead);
    high = std::max(high, overhead);
    mean.overhead_s += share * overhead;
    mean.late_s += share * run.late_s;
    mean.reply_s += share * run.reply_s;
    mean.gradient_s += share * run.gradient_s;
    mean.update_s += share * run.update_s;
  }
  mean.spread = high / low - 1.0;
  return mean;
}

SgdOutcome simulate_self_sgd(const SelfSgdSetting& setting, const SelfSgdCalibration& calibration,
                             const SelfSgdTask& task) {
  sgd::SgdSpec spec;
  spec.problem = setting.problem;
  spec.data = &digits();
  spec.learners = setting.learners;
  spec.batch = setting.batch;
  spec.update = setting.update;
  spec.compute = compute_times(setting, Seconds(calibration.overhead_s));
  spec.variant = task.variant;
  spec.horizon.time = task.time;
  spec.evaluation.points = setting.points;
  spec.evaluation.samples = 0;
  spec.seed = Seed{task.seed};
  const sgd::SgdResult result = sgd::simulate(spec);
  SgdOutcome outcome{task.seed, six_digits(static_cast<double>(result.books.updates) / result.end.value()),
                     result.books.staleness, {}};
  for (const sgd::CurvePoint& point : result.curve) outcome.losses.push_back(six_digits(point.loss));
  while (!outcome.staleness.empty() && outcome.staleness.back() == 0) outcome.staleness.pop_back();
  return outcome;
}

SelfSgdPredictions predict_self_sgd(const SelfSgdSetting& setting, const SelfSgdCalibration& calibration,
                                    const std::vector<SelfSgdTask>& tasks) {
  SelfSgdPredictions result{setting, calibration, 0.0, {}};
  const auto point = static_cast<std::size_t>(setting.points * 3 / 4);
  for (const auto& variant : self_sgd_variants(setting.learners)) {
    SelfSgdPrediction prediction{variant, {}, {}};
    for (int seed = 1; seed <= kPredictedSeeds; ++seed) {
      const SelfSgdTask task{variant, static_cast<std::uint64_t>(seed), setting.time};
      prediction.band.push_back(simulate_self_sgd(setting, calibration, task));
    }
    for (const SelfSgdTask& task : tasks) {
      if (same(task.variant, variant)) prediction.twins.push_back(simulate_self_sgd(setting, calibration, task));
    }
    result.target_loss = std::max(result.target_loss, six_digits(median_loss(prediction.band, point)));
    result.predictions.push_back(std::move(prediction));
  }
  return result;
}

std::optional<double> time_to_loss(const std::vector<double>& losses, double run_s, double target) {
  for (std::size_t i = 0; i < losses.size(); ++i) {
    if (losses[i] > target) continue;
    if (i == 0) return 0.0;
    const double share = (losses[i - 1] - target) / (losses[i - 1] - losses[i]);
    return run_s * (static_cast<double>(i) - 1.0 + share) / static_cast<double>(losses.size() - 1);
  }
  return std::nullopt;
}

}  // namespace orrery::validate
