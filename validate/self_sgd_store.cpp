#include "validate/self_sgd_store.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <sstream>

#include "scenarios/artifact.hpp"
#include "sim/base/error.hpp"
#include "sim/base/json_io.hpp"
#include "validate/records.hpp"

namespace orrery::validate {
namespace {

void check_outcome(const SgdOutcome& outcome, const SelfSgdSetting& setting, const std::string& where) {
  if (static_cast<int>(outcome.losses.size()) == setting.points + 1) return;
  throw ScenarioError(where, fmt::format("{} losses, but the setting compares {} moments and the start",
                                         outcome.losses.size(), setting.points));
}

void check_predictions(const SelfSgdPredictions& predictions, const std::string& where) {
  for (const SelfSgdPrediction& prediction : predictions.predictions) {
    if (prediction.band.size() < 3) throw ScenarioError(where, "a band needs at least three simulated runs");
    for (const auto* outcomes : {&prediction.band, &prediction.twins}) {
      for (const SgdOutcome& outcome : *outcomes) check_outcome(outcome, predictions.setting, where);
    }
  }
}

void check_run(const SelfSgdRun& run, const SelfSgdSetting& setting, const std::string& seal,
               const std::string& where) {
  if (run.predictions_hash != seal) {
    throw ScenarioError(where, run.task.variant->label() + " was run after other predictions (seal " +
                                   run.predictions_hash + ") than those in the folder (" + seal + ")");
  }
  check_outcome(run.outcome, setting, where);
  if (const auto refusal = run.task.variant->refusal(setting.learners)) throw ScenarioError(where, *refusal);
  for (const int learner : run.arrivals) {
    if (learner < 0 || learner >= setting.learners)
      throw ScenarioError(where, fmt::format("there is no learner {}", learner));
  }
}

}  // namespace

void check_session_folder(const std::string& folder) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  for (fs::path path(folder); !path.empty(); path = path.parent_path()) {
    if (fs::is_directory(path, ignored)) return;
    if (fs::exists(path, ignored)) throw ScenarioError("--out", path.string() + " is not a folder");
  }
}

std::string seal_self_sgd(const std::string& folder, const SelfSgdPredictions& predictions) {
  Json root = write_json(predictions);
  const std::string seal = seal_of(root.dump());
  root["seal"] = seal;
  scenario::write_artifacts(folder, {{kSelfSgdPredictionsFile, root.dump() + "\n"}});
  return seal;
}

std::string self_sgd_run_line(const SelfSgdRun& run) {
  return write_json(run).dump() + "\n";
}

std::vector<SelfSgdRun> read_self_sgd_runs(const std::string& text, const std::string& place) {
  std::vector<SelfSgdRun> runs;
  std::istringstream lines(text);
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    runs.emplace_back();
    read_json(parse_json(line, fmt::format("{}, line {}", place, ++number)), runs.back());
  }
  if (runs.empty()) throw ScenarioError(place, "holds no run");
  return runs;
}

SelfSgdSession read_self_sgd_session(const std::string& folder) {
  namespace fs = std::filesystem;
  if (!fs::is_directory(folder)) {
    throw ScenarioError("--score-only",
                        folder + " is not a folder: expected one written by `orrery validate self-sgd --out`");
  }
  SelfSgdSession session;
  const std::string predictions = (fs::path(folder) / kSelfSgdPredictionsFile).string();
  const Sealed sealed = open_sealed(scenario::read_file(predictions), predictions, "self-sgd");
  read_json(sealed.document, session.predictions);
  check_predictions(session.predictions, predictions);
  const std::string runs = (fs::path(folder) / kSelfSgdRunsFile).string();
  session.runs = read_self_sgd_runs(scenario::read_file(runs), runs);
  for (std::size_t i = 0; i < session.runs.size(); ++i) {
    check_run(session.runs[i], session.predictions.setting, sealed.seal, fmt::format("{}, line {}", runs, i + 1));
  }
  return session;
}

}  // namespace orrery::validate
