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

/// The moments that every run has reached; runs that diverged or ended early shorten the curve.
std::vector<SgdCurvePoint> curve_of(const std::vector<sgd::SgdResult>& runs) {
  std::size_t points = runs.front().curve.size();
  for (const sgd::SgdResult& run : runs) points = std::min(points, run.curve.size());
  std::vector<SgdCurvePoint> curve(points);
  for (std::size_t i = 0; i < points; ++i) {
    SgdCurvePoint& point = curve[i];
    point.time_s = runs.front().curve[i].time.value();
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
  const std::vector<double> means = each(runs, [side_by_side](const auto& r) {
    return r.books.updates > 0 ? r.end.value() * side_by_side / static_cast<double>(r.books.updates) : 0.0;
  });
  report.iteration_s = mean_of(means);
  if (means.size() > 1) report.iteration_error_s = mean_interval(means).half_width;
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
  const double alone = scenario.compute.distribution->mean().value();  // t1
  report.scaling_efficiency = alone * report.gradients_per_s / scenario.learners;
}

}  // namespace

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
  report.curve = curve_of(runs);
  static constexpr const char* kDoing[] = {"computing", "cancelled", "waiting", "pushing", "fetching", "round"};
  for (const sgd::LearnerSpan& span : runs.front().spans) {
    report.timeline.push_back({span.learner, kDoing[static_cast<std::size_t>(span.doing)], span.begin.value(),
                               span.end.value(), span.staleness});
  }
  return report;
}

}  // namespace orrery::scenario
