#include "validate/self_sgd_store.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <sstream>

#include "scenarios/artifact.hpp"
#include "sim/base/error.hpp"
#include "sim/base/json_io.hpp"
#include "sim/base/unit_text.hpp"
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

std::string name_of(const sync::Variant& variant, std::uint64_t seed) {
  return fmt::format("{} with seed {}", variant.label(), seed);
}

void check_run(const SelfSgdRun& run, const SelfSgdSetting& setting, const std::string& seal,
               const std::string& where) {
  if (run.predictions_hash != seal) {
    throw ScenarioError(where, run.task.variant->label() + " was run after other predictions (seal " +
                                   run.predictions_hash + ") than those in the folder (" + seal + ")");
  }
  check_outcome(run.outcome, setting, where);
  if (run.task.seed != run.outcome.seed) {
    throw ScenarioError(where, fmt::format("the task has seed {}, its outcome {}", run.task.seed, run.outcome.seed));
  }
  if (run.task.time != setting.time) {
    throw ScenarioError(where, fmt::format("a run of {}, but those of the setting take {}", human(run.task.time),
                                           human(setting.time)));
  }
  if (const auto refusal = run.task.variant->refusal(setting.learners)) throw ScenarioError(where, *refusal);
  for (const int learner : run.arrivals) {
    if (learner < 0 || learner >= setting.learners)
      throw ScenarioError(where, fmt::format("there is no learner {}", learner));
  }
}

/// Each predicted run is there exactly once, and no other one.
void check_complete(const SelfSgdSession& session, const std::string& file) {
  std::map<std::string, int> lines;
  for (std::size_t i = 0; i < session.runs.size(); ++i) {
    const std::string name = name_of(*session.runs[i].task.variant, session.runs[i].task.seed);
    const int line = static_cast<int>(i) + 1;
    const auto [first, is_new] = lines.emplace(name, line);
    if (is_new) continue;
    throw ScenarioError(fmt::format("{}, line {}", file, line),
                        fmt::format("{} is in line {} already", name, first->second));
  }
  std::vector<std::string> missing;
  std::size_t predicted = 0;
  for (const SelfSgdPrediction& prediction : session.predictions.predictions) {
    for (const SgdOutcome& twin : prediction.twins) {
      const std::string name = name_of(*prediction.variant, twin.seed);
      ++predicted;
      if (lines.erase(name) == 0) missing.push_back(name);
    }
  }
  if (!lines.empty()) {
    throw ScenarioError(fmt::format("{}, line {}", file, lines.begin()->second),
                        lines.begin()->first + " was not predicted");
  }
  if (missing.empty()) return;
  throw ScenarioError(file, fmt::format("incomplete: {} of {} predicted runs are missing: {}", missing.size(),
                                        predicted, fmt::join(missing, "; ")));
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
  check_complete(session, runs);
  return session;
}

}  // namespace orrery::validate
