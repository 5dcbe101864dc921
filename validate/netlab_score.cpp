#include "validate/netlab_score.hpp"

#include <fmt/format.h>

#include <cmath>

#include "sim/base/error.hpp"
#include "sim/base/stats.hpp"

namespace orrery::validate {
namespace {

const NetlabPrediction* find(const NetlabPredictions& predictions, const NetlabCase& what) {
  for (const NetlabPrediction& prediction : predictions.predictions) {
    if (case_name(prediction.what) == case_name(what)) return &prediction;
  }
  return nullptr;
}

/// The end costs of an ideal link: what the link's rate alone predicts.
NetlabFit bare_rate() {
  return {};
}

NetlabCaseScore score_case(const NetlabPredictions& predictions, const NetlabRun& run) {
  NetlabCaseScore score;
  score.what = run.what;
  score.measured_s = median(run.times_s);
  score.noise = (quantile(run.times_s, 0.75) - quantile(run.times_s, 0.25)) / 2 / score.measured_s;
  if (const NetlabPrediction* prediction = find(predictions, run.what)) {
    score.predicted_s = prediction->time_s;
    score.error = prediction->time_s / score.measured_s - 1.0;
    score.nominal_error =
        predict_netlab(run.what, predictions.network, bare_rate()).value() / score.measured_s - 1.0;
  }
  return score;
}

/// The same work by two algorithms.
bool are_comparable(const NetlabCase& a, const NetlabCase& b) {
  return a.pattern == b.pattern && a.ranks == b.ranks && a.size == b.size && a.slow_link == b.slow_link &&
         a.algorithm != b.algorithm;
}

void compare(NetlabScore& score, const NetlabCaseScore& a, const NetlabCaseScore& b) {
  if (!a.predicted_s || !b.predicted_s || !are_comparable(a.what, b.what)) return;
  const double difference = std::abs(a.measured_s - b.measured_s);
  if (difference <= a.noise * a.measured_s + b.noise * b.measured_s) {
    ++score.pairs_within_noise;
    return;
  }
  const bool a_first = a.measured_s < b.measured_s;
  const NetlabCaseScore& faster = a_first ? a : b;
  const NetlabCaseScore& slower = a_first ? b : a;
  const bool is_right = *faster.predicted_s < *slower.predicted_s;
  score.pairs.push_back({faster.what, slower.what, slower.measured_s / faster.measured_s, is_right});
  score.pairs_right += is_right ? 1 : 0;
}

}  // namespace

NetlabScore score_netlab(const NetlabPredictions& predictions, const std::vector<NetlabRun>& runs,
                         const NetlabTolerance& tolerance) {
  NetlabScore score;
  std::vector<double> errors, nominal, noise;
  for (const NetlabRun& run : runs) {
    score.cases.push_back(score_case(predictions, run));
    const NetlabCaseScore& scored = score.cases.back();
    if (!scored.predicted_s) continue;
    errors.push_back(scored.error);
    nominal.push_back(std::abs(scored.nominal_error.value()));
    noise.push_back(scored.noise);
  }
  if (errors.empty()) throw ScenarioError("", "no measured run belongs to any prediction: nothing to score");
  for (std::size_t i = 0; i < score.cases.size(); ++i) {
    for (std::size_t j = i + 1; j < score.cases.size(); ++j) compare(score, score.cases[i], score.cases[j]);
  }
  score.errors = summarise_errors(errors);
  score.nominal_median = median(nominal);
  score.noise_median = median(noise);
  const bool ranked = score.pairs_right == static_cast<int>(score.pairs.size());
  score.passed = score.errors.median <= tolerance.median && ranked;
  score.verdict = fmt::format(
      "{}: median error {:.1f} % (tolerance {:.0f} %), {} of {} pairs of algorithms in the right order",
      score.passed ? "within tolerance" : "OUTSIDE TOLERANCE", score.errors.median * 100, tolerance.median * 100,
      score.pairs_right, score.pairs.size());
  return score;
}

}  // namespace orrery::validate
