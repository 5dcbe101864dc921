// Predictions against measured runs: pure arithmetic and its table. Errors are predicted / measured - 1, so
// +5 % means that the prediction was too slow.
#pragma once

#include <string>
#include <vector>

#include "sim/base/error_summary.hpp"
#include "validate/records.hpp"

namespace orrery::validate {

/// Stated before the runs: the suite passes when both hold, or when the machine's own noise floor is higher.
struct Tolerance {
  double median = 0.08, p90 = 0.20;
};

struct ConfigScore {
  Predicted predicted;
  double measured_s = 0;        ///< median of all timed steps of all its runs
  double p10_s = 0, p90_s = 0;  ///< of single steps
  double error = 0;
  bool covered = false;      ///< measured median inside the predicted 80 % interval
  bool inside_grid = false;  ///< at most a tenth of the time is extrapolated
  Components measured;       ///< medians
  int runs = 0;
  double repeat = 0;  ///< |log| of the ratio of the medians of two identical runs; 0 with one run
};

struct Score {
  std::vector<ConfigScore> configs;  ///< in the order of the predictions
  ErrorSummary all, inside_grid, outside_grid, mlp, gpt;
  double coverage = 0;                     ///< share of configurations inside their 80 % interval
  double noise_median = 0, noise_p90 = 0;  ///< of `repeat`, over configurations that ran twice
  int repeated = 0;
  bool passed = false;
  std::string verdict;  ///< one sentence
};

/// Runs of unknown configurations and predictions without runs are left out. Throws ScenarioError when
/// nothing is left.
Score score(const Predictions& predictions, const std::vector<MeasuredRun>& runs,
            const Tolerance& tolerance = {});

/// The table and the summary, as the terminal shows them.
std::string score_text(const Score& score);
/// The same as JSON, for other programs.
std::string score_json(const Score& score);

}  // namespace orrery::validate
