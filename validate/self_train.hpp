// `validate self-train`: predict a suite of training runs, seal the predictions, then do the same runs for
// real and compare. The order is the point: nothing that is measured here can reach a prediction.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "costmodel/cost_model.hpp"
#include "scenarios/scenario.hpp"
#include "validate/records.hpp"

namespace orrery::validate {

/// Does a training run for real. Implemented with the reference trainer; tests use a made-up one.
class RealTrainer {
 public:
  virtual ~RealTrainer() = default;
  /// Blocks until the run is done; `config`, `run` and `predictions_hash` are left to the caller.
  virtual MeasuredRun train(const scenario::Scenario& scenario) = 0;
};

/// One line per event for the user, on stderr in the program.
using Progress = std::function<void(const std::string& line)>;

/// Simulates one scenario.
Predicted predict(const scenario::Scenario& scenario, const cost::CostModel& costs);
std::vector<Predicted> predict_suite(const std::vector<scenario::Scenario>& suite,
                                     const cost::CostModel& costs);

/// Names in the folder of a suite: sealed predictions, and one measured run per line.
constexpr const char* kPredictionsFile = "predictions.json";
constexpr const char* kRunsFile = "runs.jsonl";

/// Writes the sealed predictions into `folder` and returns the seal.
std::string seal_predictions(const std::string& folder, const Predictions& predictions);

/// Runs every scenario `repeats` times, whole suite after whole suite, so that a slow minute of the machine
/// does not hit one configuration alone. Each run is written to `folder` at once. Calls progress as "[5/16]
/// gpt_s/b4/r1 ... 3.1 s".
std::vector<MeasuredRun> run_suite(const std::vector<scenario::Scenario>& suite, int repeats,
                                   RealTrainer& trainer, const std::string& folder, const std::string& seal,
                                   const Progress& progress);

/// What an earlier call left in `folder`. Throws ScenarioError when something is missing or changed.
struct StoredSuite {
  SealedPredictions sealed;
  std::vector<MeasuredRun> runs;
};
StoredSuite read_suite(const std::string& folder);

}  // namespace orrery::validate
