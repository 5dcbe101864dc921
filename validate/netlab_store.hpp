// The folder of a `validate netlab` session: calibration runs, sealed predictions, scored runs. Written in this order;
// everything can be scored again from it, on any machine.
#pragma once

#include <string>
#include <vector>

#include "validate/netlab_case.hpp"
#include "validate/netlab_predict.hpp"

namespace orrery::validate {

constexpr const char* kNetlabCalibrationFile = "calibration.jsonl";
constexpr const char* kNetlabPredictionsFile = "predictions.json";
constexpr const char* kNetlabRunsFile = "runs.jsonl";

/// Writes the sealed predictions into `folder` and returns the seal (records.hpp).
std::string seal_netlab_predictions(const std::string& folder, const NetlabPredictions& predictions);

/// One run per line. Throws ScenarioError where a line is wrong or has no times.
std::vector<NetlabRun> read_netlab_runs(const std::string& text, const std::string& place);

struct NetlabSession {
  std::vector<NetlabRun> calibration;
  NetlabPredictions predictions;
  std::vector<NetlabRun> runs;
};
/// Throws ScenarioError when a file is missing, when the predictions were changed after they were sealed, or when a run
/// was made after other predictions.
NetlabSession read_netlab_session(const std::string& folder);

}  // namespace orrery::validate
