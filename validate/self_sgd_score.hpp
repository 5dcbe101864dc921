// Predicted against real runs of parallel SGD. Errors are predicted / measured - 1.
//
// The band at a moment holds one more run with probability 95 %, if the logarithms of losses are normal (Student's
// prediction interval of n simulated runs with mean m and deviation s):  m +- t_{0.975, n-1} s sqrt(1 + 1/n).  What an
// exact prediction would reach is shown beside: each simulated run against the band of the other ones.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "validate/self_sgd.hpp"
#include "validate/self_sgd_predict.hpp"

namespace orrery::validate {

/// Stated before the runs. Staleness: relative, or absolute where the prediction is below 1.
struct SelfSgdTolerance {
  double updates = 0.05;
  double staleness = 0.05;
  double in_band = 0.90;  ///< of all points of all runs together; a 95 % band is expected to hold 95 % on average
};

struct SelfSgdVariantScore {
  std::string label;
  int runs = 0;
  double measured_updates = 0, predicted_updates = 0;  ///< per second, means
  double updates_error = 0;
  double twin_updates_error = 0;       ///< of the simulated runs with the same seeds: no luck of the draw
  double noise = 0;                    ///< largest over smallest of (measured / twin), less 1: the machine's own
  double measured_staleness = 0, predicted_staleness = 0;
  double staleness_error = 0;          ///< relative, or absolute where the prediction is below 1
  double ks = 0;                       ///< distance of the staleness distributions (Kolmogorov and Smirnov)
  int points = 0, points_inside = 0;
  int curves_inside = 0;               ///< runs all of whose points are inside
  double expected_inside = 0;          ///< share, of an exact prediction
  double twin_loss_error = 0;          ///< median of |loss of the twin / measured - 1| over points
  std::optional<double> measured_target_s, predicted_target_s;  ///< medians; none: not reached
  double target_low_s = 0, target_high_s = 0;                   ///< of the simulated runs that reached it
  bool updates_ok = false, staleness_ok = false;
};

struct SelfSgdScore {
  SelfSgdCalibration calibration;
  double target_loss = 0;
  std::vector<SelfSgdVariantScore> variants;
  double in_band = 0, expected_in_band = 0;
  int curves = 0, curves_inside = 0;
  int replayed = 0;  ///< runs whose arrivals, replayed through a fresh coordinator, give their decisions and outcome
  int runs = 0;
  std::vector<std::string> contradictions;  ///< of the other runs: which, and what does not fit
  bool passed = false;
  std::string verdict;  ///< one sentence
};

/// Variants without a run are left out: that a session is complete is seen to where it is read (self_sgd_store.hpp).
/// Throws ScenarioError when no run belongs to a prediction.
SelfSgdScore score_self_sgd(const SelfSgdPredictions& predictions, const std::vector<SelfSgdRun>& runs,
                            const SelfSgdTolerance& tolerance = {});

std::string self_sgd_score_text(const SelfSgdScore& score);
std::string self_sgd_score_json(const SelfSgdScore& score);

}  // namespace orrery::validate
