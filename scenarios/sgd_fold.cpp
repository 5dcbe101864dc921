#include "scenarios/sgd_fold.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/base/stats.hpp"

namespace orrery::scenario {
namespace {

constexpr double kLow = 0.025, kHigh = 0.975;

double mean_of(const std::vector<double>& values) {
  RunningStats stats;
  for (const double value : values) stats.add(value);
  return stats.mean();
}

/// One figure of every run.
template <class Figure>
std::vector<double> each(const std::vector<sgd::SgdResult>& runs, Figure figure) {
  std::vector<double> values;
  values.reserve(runs.size());
  for (const sgd::SgdResult& run : runs) values.push_back(figure(run));
  return values;
}

/// Gradients that were used.
std::int64_t used(const sync::Books& books) {
  std::int64_t sum = 0;
  for (const std::int64_t count : books.staleness) sum += count;
  return sum;
}

bool meets(const sgd::CurvePoint& point, const SgdTarget& target) {
  if (target.loss) return point.loss <= *target.loss;
  return point.accuracy && *point.accuracy >= *target.accuracy;
}

/// How many of the evenly spaced moments all runs have reached. A run that ends early has one more point, at its end.
std::size_t common_moments(const std::vector<sgd::SgdResult>& runs) {
  std::size_t points = runs.front().curve.size();
  for (const sgd::SgdResult& run : runs) {
    std::size_t same = 0;
    while (same < std::min(points, run.curve.size()) && run.curve[same].time == runs.front().curve[same].time) ++same;
    points = same;
  }
  return points;
}

std::vector<SgdCurvePoint> curve_of(const SgdScenario& scenario, const std::vector<sgd::SgdResult>& runs) {
  std::vector<SgdCurvePoint> curve(common_moments(runs));
  const double step = scenario.horizon.time.value() / scenario.evaluation.points;
  for (std::size_t i = 0; i < curve.size(); ++i) {
    SgdCurvePoint& point = curve[i];
    point.time_s = runs.front().curve[i].time.value();
    if (std::fabs(point.time_s - static_cast<double>(i) * step) > 0.01 * step) {  // the early end of a lone run
      curve.resize(i);
      break;
    }
    point.updates = mean_of(each(runs, [i](const auto& r) { return static_cast<double>(r.curve[i].updates); }));
    point.epochs = mean_of(each(runs, [i](const auto& r) { return r.curve[i].epochs; }));
    const std::vector<double> losses = each(runs, [i](const auto& r) { return r.curve[i].loss; });
    point.loss = mean_of(losses);
    point.loss_low = quantile(losses, kLow);
    point.loss_high = quantile(losses, kHigh);
    if (!runs.front().curve[i].accuracy) continue;
    const std::vector<double> accuracies = each(runs, [i](const auto& r) { return r.curve[i].accuracy.value_or(0.0); });
    point.accuracy = mean_of(accuracies);
    point.accuracy_low = quantile(accuracies, kLow);
    point.accuracy_high = quantile(accuracies, kHigh);
  }
  return curve;
}

void fill_end(const std::vector<sgd::SgdResult>& runs, SgdVariantReport& report) {
  report.end_s = mean_of(each(runs, [](const auto& r) { return r.end.value(); }));
  report.end_loss = mean_of(each(runs, [](const auto& r) { return r.curve.back().loss; }));
  if (!runs.front().curve.back().accuracy) return;
  report.end_accuracy = mean_of(each(runs, [](const auto& r) { return r.curve.back().accuracy.value_or(0.0); }));
}

SgdTargetReport target_report(const std::vector<sgd::SgdResult>& runs, const SgdTarget& target) {
  SgdTargetReport report;
  report.target = target.loss ? fmt::format("loss {:g}", *target.loss) : fmt::format("accuracy {:g}", *target.accuracy);
  std::vector<double> times;
  for (const sgd::SgdResult& run : runs) times.push_back(time_to(run, target).value_or(INFINITY));
  std::sort(times.begin(), times.end());
  report.reached = std::count_if(times.begin(), times.end(), [](double t) { return std::isfinite(t); });
  // The middle of all runs, those that never reach it counted as later than any.
  const double middle = 0.5 * (times[(times.size() - 1) / 2] + times[times.size() / 2]);
  if (std::isfinite(middle)) report.median_s = middle;
  if (report.reached > 0) report.low_s = times.front();
  if (std::isfinite(times.back())) report.high_s = times.back();
  return report;
}

/// `side_by_side`: how many of the counted updates happen at a time. Local variants count the steps of all learners.
void fill_iterations(const std::vector<sgd::SgdResult>& runs, int side_by_side, SgdVariantReport& report) {
  double time = 0.0, updates = 0.0;
  std::vector<double> means;
  for (const sgd::SgdResult& run : runs) {
    time += run.end.value() * side_by_side;
    updates += static_cast<double>(run.books.updates);
    if (run.books.updates > 0) means.push_back(run.end.value() * side_by_side / static_cast<double>(run.books.updates));
  }
  if (updates > 0.0) report.iteration_s = time / updates;
  if (means.size() == runs.size() && means.size() > 1) report.iteration_error_s = mean_interval(means).half_width;
  std::vector<double> times;
  for (const sgd::SgdResult& run : runs) {
    for (const Seconds time : run.iterations) times.push_back(time.value());
  }
  if (times.empty()) return;
  std::sort(times.begin(), times.end());
  report.iteration_p10_s = quantile_sorted(times, 0.1);
  report.iteration_p90_s = quantile_sorted(times, 0.9);
}

void fill_staleness(const std::vector<sgd::SgdResult>& runs, SgdVariantReport& report) {
  std::vector<std::int64_t> counts;
  std::int64_t all = 0;
  for (const sgd::SgdResult& run : runs) {
    if (counts.size() < run.books.staleness.size()) counts.resize(run.books.staleness.size());
    for (std::size_t s = 0; s < run.books.staleness.size(); ++s) counts[s] += run.books.staleness[s];
    all += used(run.books);
  }
  if (all == 0) return;
  for (std::size_t s = 0; s < counts.size(); ++s) {
    const double share = static_cast<double>(counts[s]) / static_cast<double>(all);
    report.staleness_shares.push_back(share);
    report.staleness += static_cast<double>(s) * share;
  }
  report.fresh = report.staleness_shares.front();
}

void fill_shares(const SgdScenario& scenario, const std::vector<sgd::SgdResult>& runs, SgdVariantReport& report) {
  const auto share = [&](Seconds sgd::SgdResult::*part) {
    return mean_of(each(runs, [&](const sgd::SgdResult& r) {
      const double all = scenario.learners * r.end.value();
      return all > 0.0 ? (r.*part).value() / all : 0.0;
    }));
  };
  report.computed_share = share(&sgd::SgdResult::computed);
  report.wasted_share = share(&sgd::SgdResult::wasted);
  report.waited_share = share(&sgd::SgdResult::waited);
  report.communicated_share = share(&sgd::SgdResult::communicated);
  report.pushed_bytes = mean_of(each(runs, [](const auto& r) { return r.pushed.value(); }));
  report.pulled_bytes = mean_of(each(runs, [](const auto& r) { return r.pulled.value(); }));
  report.gradients_per_s = mean_of(each(runs, [](const auto& r) {
    return r.end.value() > 0.0 ? static_cast<double>(used(r.books)) / r.end.value() : 0.0;
  }));
  const std::optional<double> alone = mean_compute_time(scenario);  // t1
  if (alone) report.scaling_efficiency = *alone * report.gradients_per_s / scenario.learners;
}

}  // namespace

std::optional<double> mean_compute_time(const SgdScenario& s) {
  const std::vector<double>& given = s.compute.factors;
  double factors = 0.0;
  for (int i = 0; i < s.learners; ++i) factors += given.empty() ? 1.0 : given[static_cast<std::size_t>(i) % given.size()];
  const double mean = s.compute.distribution->mean().value() * factors / s.learners;
  return std::isfinite(mean) ? std::optional(mean) : std::nullopt;
}

std::optional<double> time_to(const sgd::SgdResult& run, const SgdTarget& target) {
  std::optional<double> since;
  for (const sgd::CurvePoint& point : run.curve) {
    if (!meets(point, target)) {
      since.reset();
    } else if (!since) {
      since = point.time.value();
    }
  }
  return run.diverged ? std::nullopt : since;
}

SgdVariantReport fold_runs(const SgdScenario& scenario, std::size_t variant, const std::vector<sgd::SgdResult>& runs) {
  const Registered<sync::Variant>& choice = scenario.variants[variant];
  SgdVariantReport report;
  report.variant = choice.name();
  report.label = choice->label();
  const sync::Expectation expected = choice->expectation(scenario.compute, scenario.learners);
  if (expected.iteration) report.iteration_expected_s = expected.iteration->value();
  report.formula = expected.formula;
  report.staleness_expected = expected.staleness;
  report.fresh_expected = expected.fresh;
  report.staleness_bound = choice->staleness_bound(scenario.learners);
  fill_iterations(runs, choice->is_central() ? 1 : scenario.learners, report);
  fill_staleness(runs, report);
  fill_shares(scenario, runs, report);
  report.updates = mean_of(each(runs, [](const auto& r) { return static_cast<double>(r.books.updates); }));
  report.epochs = mean_of(each(runs, [](const auto& r) { return r.epochs; }));
  report.diverged = std::count_if(runs.begin(), runs.end(), [](const auto& r) { return r.diverged; });
  if (scenario.target.loss) report.targets.push_back(target_report(runs, {scenario.target.loss, std::nullopt}));
  if (scenario.target.accuracy) report.targets.push_back(target_report(runs, {std::nullopt, scenario.target.accuracy}));
  report.curve = curve_of(scenario, runs);
  fill_end(runs, report);
  static constexpr const char* kDoing[] = {"computing", "cancelled", "waiting", "pushing", "fetching", "round"};
  for (const sgd::LearnerSpan& span : runs.front().spans) {
    report.timeline.push_back({span.learner, kDoing[static_cast<std::size_t>(span.doing)], span.begin.value(),
                               span.end.value(), span.staleness});
  }
  return report;
}

}  // namespace orrery::scenario
