#include "validate/self_sgd_score.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/base/error.hpp"
#include "sim/base/stats.hpp"
#include "workloads/sync/coordinator.hpp"

namespace orrery::validate {
namespace {

using Outcomes = std::vector<SgdOutcome>;
using Histogram = std::vector<std::int64_t>;

/// The runs of one variant and what was predicted of them; the i-th twin has the i-th run's seed.
struct Pairing {
  const SelfSgdPrediction& prediction;
  Outcomes measured, twins;
};

double mean_updates(const Outcomes& outcomes) {
  double sum = 0.0;
  for (const SgdOutcome& outcome : outcomes) sum += outcome.updates_per_s;
  return sum / static_cast<double>(outcomes.size());
}

Histogram pooled_staleness(const Outcomes& outcomes) {
  Histogram sum;
  for (const SgdOutcome& outcome : outcomes) {
    sum.resize(std::max(sum.size(), outcome.staleness.size()), 0);
    for (std::size_t s = 0; s < outcome.staleness.size(); ++s) sum[s] += outcome.staleness[s];
  }
  return sum;
}

double count_of(const Histogram& histogram) {
  double count = 0.0;
  for (const std::int64_t n : histogram) count += static_cast<double>(n);
  return count;
}

/// max over s of |F_a(s) - F_b(s)|.
double kolmogorov_smirnov(const Histogram& a, const Histogram& b) {
  const double all_a = std::max(count_of(a), 1.0), all_b = std::max(count_of(b), 1.0);
  double below_a = 0.0, below_b = 0.0, distance = 0.0;
  for (std::size_t s = 0; s < std::max(a.size(), b.size()); ++s) {
    below_a += s < a.size() ? static_cast<double>(a[s]) : 0.0;
    below_b += s < b.size() ? static_cast<double>(b[s]) : 0.0;
    distance = std::max(distance, std::abs(below_a / all_a - below_b / all_b));
  }
  return distance;
}

/// Moments behind the start at which the curve is inside the band of the simulated runs, `left_out` not counted.
int points_inside(const std::vector<double>& losses, const Outcomes& band, std::size_t left_out) {
  int inside = 0;
  for (std::size_t point = 1; point < losses.size(); ++point) {
    RunningStats logs;
    for (std::size_t i = 0; i < band.size(); ++i) {
      if (i != left_out) logs.add(std::log(band[i].losses[point]));
    }
    const auto n = static_cast<double>(logs.count());
    const double half = student_t_quantile(0.975, n - 1.0) * logs.deviation() * std::sqrt(1.0 + 1.0 / n);
    inside += std::abs(std::log(losses[point]) - logs.mean()) <= half ? 1 : 0;
  }
  return inside;
}

constexpr std::size_t kNobody = std::numeric_limits<std::size_t>::max();

void score_curves(const Pairing& pairing, SelfSgdVariantScore& score) {
  const Outcomes& band = pairing.prediction.band;
  for (const SgdOutcome& run : pairing.measured) {
    const int points = static_cast<int>(run.losses.size()) - 1;
    const int inside = points_inside(run.losses, band, kNobody);
    score.points += points;
    score.points_inside += inside;
    score.curves_inside += inside == points ? 1 : 0;
  }
  double inside = 0.0, points = 0.0;
  for (std::size_t i = 0; i < band.size(); ++i) {
    inside += points_inside(band[i].losses, band, i);
    points += static_cast<double>(band[i].losses.size() - 1);
  }
  score.expected_inside = inside / points;
}

void score_twins(const Pairing& pairing, SelfSgdVariantScore& score) {
  std::vector<double> rates, losses;
  for (std::size_t i = 0; i < pairing.twins.size(); ++i) {
    const SgdOutcome &twin = pairing.twins[i], &run = pairing.measured[i];
    rates.push_back(run.updates_per_s / twin.updates_per_s);
    for (std::size_t point = 1; point < run.losses.size(); ++point) {
      losses.push_back(std::abs(twin.losses[point] / run.losses[point] - 1.0));
    }
  }
  score.twin_updates_error = mean_updates(pairing.twins) / mean_updates(pairing.measured) - 1.0;
  score.noise = *std::max_element(rates.begin(), rates.end()) / *std::min_element(rates.begin(), rates.end()) - 1.0;
  score.twin_loss_error = median(losses);
}

void score_target(const Pairing& pairing, double run_s, double target, SelfSgdVariantScore& score) {
  std::vector<double> measured, simulated;
  for (const SgdOutcome& run : pairing.measured) {
    if (const auto time = time_to_loss(run.losses, run_s, target)) measured.push_back(*time);
  }
  for (const SgdOutcome& run : pairing.prediction.band) {
    if (const auto time = time_to_loss(run.losses, run_s, target)) simulated.push_back(*time);
  }
  if (measured.size() == pairing.measured.size()) score.measured_target_s = median(measured);
  if (simulated.empty()) return;
  score.target_low_s = *std::min_element(simulated.begin(), simulated.end());
  score.target_high_s = *std::max_element(simulated.begin(), simulated.end());
  if (2 * simulated.size() > pairing.prediction.band.size()) score.predicted_target_s = median(simulated);
}

SelfSgdVariantScore score_variant(const Pairing& pairing, const SelfSgdPredictions& predictions,
                                  const SelfSgdTolerance& tolerance) {
  SelfSgdVariantScore score;
  score.label = pairing.prediction.variant->label();
  score.runs = static_cast<int>(pairing.measured.size());
  score.measured_updates = mean_updates(pairing.measured);
  score.predicted_updates = mean_updates(pairing.prediction.band);
  score.updates_error = score.predicted_updates / score.measured_updates - 1.0;
  const Histogram measured = pooled_staleness(pairing.measured), simulated = pooled_staleness(pairing.prediction.band);
  score.measured_staleness = sync::mean_staleness(measured);
  score.predicted_staleness = sync::mean_staleness(simulated);
  score.staleness_error = score.predicted_staleness - score.measured_staleness;
  if (score.predicted_staleness >= 1.0) score.staleness_error /= score.measured_staleness;
  score.ks = kolmogorov_smirnov(simulated, measured);
  score_curves(pairing, score);
  score_twins(pairing, score);
  score_target(pairing, predictions.setting.time.value(), predictions.target_loss, score);
  score.updates_ok = std::abs(score.updates_error) <= tolerance.updates;
  score.staleness_ok = std::abs(score.staleness_error) <= tolerance.staleness;
  return score;
}

Pairing pair_up(const SelfSgdPrediction& prediction, const std::vector<SelfSgdRun>& runs) {
  Pairing pairing{prediction, {}, {}};
  for (const SelfSgdRun& run : runs) {
    if (run.task.variant->label() != prediction.variant->label()) continue;
    const auto twin = std::find_if(prediction.twins.begin(), prediction.twins.end(),
                                   [&run](const SgdOutcome& t) { return t.seed == run.outcome.seed; });
    if (twin == prediction.twins.end()) {
      throw ScenarioError("", fmt::format("{} was run with seed {}, which was not predicted", run.task.variant->label(),
                                          run.outcome.seed));
    }
    pairing.measured.push_back(run.outcome);
    pairing.twins.push_back(*twin);
  }
  return pairing;
}

/// The variants of the suite do not look at times or losses, so the order of arrivals says all. Nothing comes back where a
/// gradient arrives from a learner that waits.
std::optional<sync::Coordinator> replay(const SelfSgdRun& run, int learners) {
  sync::Coordinator coordinator(*run.task.variant, learners);
  for (const int learner : run.arrivals) {
    if (!coordinator.computes(learner)) return std::nullopt;
    coordinator.arrive(learner, Seconds(0.0), 0.0);
  }
  return coordinator;
}

/// updates/s = updates / duration, kept with six digits. A run ends at the server's first look at the clock after its
/// time; where a record does not say when that was, 0.1 % is allowed for it.
bool rate_fits(const SelfSgdRun& run, std::int64_t updates) {
  constexpr double kRounding = 1e-5, kLatestEnd = 1.001;
  const double planned = run.task.time.value(), rate = run.outcome.updates_per_s;
  const bool recorded = run.duration_s > 0.0;
  if (recorded && run.duration_s < planned) return false;
  const double shortest = recorded ? run.duration_s : planned;
  const double longest = recorded ? run.duration_s : planned * kLatestEnd;
  const auto n = static_cast<double>(updates);
  return rate <= n / shortest * (1.0 + kRounding) && rate >= n / longest * (1.0 - kRounding);
}

/// What in the run's record its arrivals contradict; nothing when they give all of it.
std::optional<std::string> contradiction(const SelfSgdRun& run, int learners) {
  const auto replayed = replay(run, learners);
  if (!replayed) return "a gradient arrived from a learner that waits";
  const sync::Books& books = replayed->books();
  const std::string hash = fmt::format("{:016x}", replayed->decisions_hash());
  if (hash != run.decisions_hash) return "its arrivals give other decisions";
  if (books.staleness != run.outcome.staleness) return "its arrivals give another staleness";
  if (books.gradients != run.gradients || books.cancelled != run.cancelled) return "its arrivals give other counts";
  if (rate_fits(run, books.updates)) return std::nullopt;
  return fmt::format("its arrivals give {} updates, which are not {} per second", books.updates,
                     run.outcome.updates_per_s);
}

void judge(SelfSgdScore& score, const SelfSgdTolerance& tolerance) {
  int points = 0, inside = 0, updates_ok = 0, staleness_ok = 0;
  double expected = 0.0;
  for (const SelfSgdVariantScore& v : score.variants) {
    points += v.points;
    inside += v.points_inside;
    expected += v.expected_inside * v.points;
    score.curves += v.runs;
    score.curves_inside += v.curves_inside;
    updates_ok += v.updates_ok ? 1 : 0;
    staleness_ok += v.staleness_ok ? 1 : 0;
  }
  score.in_band = static_cast<double>(inside) / points;
  score.expected_in_band = expected / points;
  const int all = static_cast<int>(score.variants.size());
  score.passed = updates_ok == all && staleness_ok == all && score.in_band >= tolerance.in_band &&
                 score.replayed == score.runs;
  score.verdict = fmt::format(
      "{}: updates/s within {:.0f} % for {} of {} variants, mean staleness within {:.0f} % for {}, {:.0f} % of the points "
      "inside the 95 % band (goal {:.0f} %)",
      score.passed ? "within tolerance" : "OUTSIDE TOLERANCE", tolerance.updates * 100, updates_ok, all,
      tolerance.staleness * 100, staleness_ok, score.in_band * 100, tolerance.in_band * 100);
}

}  // namespace

SelfSgdScore score_self_sgd(const SelfSgdPredictions& predictions, const std::vector<SelfSgdRun>& runs,
                            const SelfSgdTolerance& tolerance) {
  SelfSgdScore score;
  score.calibration = predictions.calibration;
  score.target_loss = predictions.target_loss;
  for (const SelfSgdPrediction& prediction : predictions.predictions) {
    const Pairing pairing = pair_up(prediction, runs);
    if (!pairing.measured.empty()) score.variants.push_back(score_variant(pairing, predictions, tolerance));
  }
  if (score.variants.empty()) throw ScenarioError("", "no measured run belongs to any prediction: nothing to score");
  score.runs = static_cast<int>(runs.size());
  for (const SelfSgdRun& run : runs) {
    if (const auto what = contradiction(run, predictions.setting.learners)) {
      score.contradictions.push_back(
          fmt::format("{}, seed {}: {}", run.task.variant->label(), run.outcome.seed, *what));
    }
  }
  score.replayed = score.runs - static_cast<int>(score.contradictions.size());
  judge(score, tolerance);
  return score;
}

}  // namespace orrery::validate
