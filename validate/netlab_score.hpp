// Predicted against measured times on the lab's network, and whether the algorithms come in the right order. Errors are
// predicted / measured - 1.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/base/error_summary.hpp"
#include "validate/netlab_case.hpp"
#include "validate/netlab_predict.hpp"

namespace orrery::validate {

/// Stated before the runs.
struct NetlabTolerance {
  double median = 0.08;
};

struct NetlabCaseScore {
  NetlabCase what;
  double measured_s = 0;            ///< median of the repeats
  double noise = 0;                 ///< half of the middle half of the repeats (quartiles), over the median
  std::optional<double> predicted_s;  ///< none for the library's
  double error = 0;
  std::optional<double> nominal_error;  ///< of the bare link rate: shape and rate, no end costs
};

/// Two algorithms in one case (same size, ranks, pattern and network) whose medians differ by more than their noise
/// together.
struct NetlabPair {
  NetlabCase faster, slower;  ///< as measured
  double ratio = 1;           ///< measured, above 1
  bool is_right = false;      ///< predicted in the same order
};

struct NetlabScore {
  std::vector<NetlabCaseScore> cases;
  std::vector<NetlabPair> pairs;
  ErrorSummary errors;
  double nominal_median = 0;
  double noise_median = 0;
  int pairs_right = 0, pairs_within_noise = 0;
  bool passed = false;
  std::string verdict;  ///< one sentence
};

/// Throws ScenarioError when no run belongs to a prediction.
NetlabScore score_netlab(const NetlabPredictions& predictions, const std::vector<NetlabRun>& runs,
                         const NetlabTolerance& tolerance = {});

std::string netlab_score_text(const NetlabScore& score);
std::string netlab_score_json(const NetlabScore& score);

}  // namespace orrery::validate
