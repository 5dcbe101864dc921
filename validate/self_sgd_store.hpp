// The folder of a `validate self-sgd` session: calibration runs, sealed predictions, scored runs. Written in this order;
// everything can be scored again from it, on any machine.
#pragma once

#include <string>
#include <vector>

#include "validate/self_sgd.hpp"
#include "validate/self_sgd_predict.hpp"

namespace orrery::validate {

constexpr const char* kSelfSgdCalibrationFile = "calibration.jsonl";
constexpr const char* kSelfSgdPredictionsFile = "predictions.json";
constexpr const char* kSelfSgdRunsFile = "runs.jsonl";

/// Throws ScenarioError when no session can be written into `folder`: it, or something above it, is a file.
void check_session_folder(const std::string& folder);

/// Writes the sealed predictions into `folder` and returns the seal (records.hpp).
std::string seal_self_sgd(const std::string& folder, const SelfSgdPredictions& predictions);

std::string self_sgd_run_line(const SelfSgdRun& run);
/// One run per line. Throws ScenarioError where a line is wrong or there is none.
std::vector<SelfSgdRun> read_self_sgd_runs(const std::string& text, const std::string& place);

struct SelfSgdSession {
  SelfSgdPredictions predictions;
  std::vector<SelfSgdRun> runs;
};
/// Throws ScenarioError when a file is missing, when the predictions were changed after they were sealed, when a run
/// was made after other predictions, is no run of this setting or was not predicted, or when a predicted run is not
/// there exactly once.
SelfSgdSession read_self_sgd_session(const std::string& folder);

}  // namespace orrery::validate
