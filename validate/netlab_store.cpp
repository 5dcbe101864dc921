#include "validate/netlab_store.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <sstream>

#include "scenarios/artifact.hpp"
#include "sim/base/error.hpp"
#include "sim/base/json_io.hpp"
#include "validate/records.hpp"

namespace orrery::validate {
std::string seal_netlab_predictions(const std::string& folder, const NetlabPredictions& predictions) {
  Json root = write_json(predictions);
  const std::string seal = seal_of(root.dump());
  root["seal"] = seal;
  scenario::write_artifacts(folder, {{kNetlabPredictionsFile, root.dump(2) + "\n"}});
  return seal;
}

std::vector<NetlabRun> read_netlab_runs(const std::string& text, const std::string& place) {
  std::vector<NetlabRun> runs;
  std::istringstream lines(text);
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    const std::string where = fmt::format("{}, line {}", place, ++number);
    runs.emplace_back();
    read_json(parse_json(line, where), runs.back());
    if (runs.back().times_s.empty()) throw ScenarioError(where, "no times");
  }
  return runs;
}

NetlabSession read_netlab_session(const std::string& folder) {
  namespace fs = std::filesystem;
  if (!fs::is_directory(folder)) {
    throw ScenarioError("--score-only",
                        folder + " is not a folder: expected one written by `orrery validate netlab --out`");
  }
  const auto read = [&folder](const char* file) {
    const std::string path = (fs::path(folder) / file).string();
    return std::pair(scenario::read_file(path), path);
  };
  NetlabSession session;
  const auto [calibration, calibration_path] = read(kNetlabCalibrationFile);
  session.calibration = read_netlab_runs(calibration, calibration_path);
  const auto [predictions, predictions_path] = read(kNetlabPredictionsFile);
  const Sealed sealed = open_sealed(predictions, predictions_path, "netlab");
  read_json(sealed.document, session.predictions);
  const auto [runs, runs_path] = read(kNetlabRunsFile);
  session.runs = read_netlab_runs(runs, runs_path);
  for (const NetlabRun& run : session.runs) {
    if (run.predictions_hash == sealed.seal) continue;
    throw ScenarioError(runs_path, case_name(run.what) + " was run after other predictions (seal " +
                                       run.predictions_hash + ") than those in the folder (" + sealed.seal + ")");
  }
  return session;
}

}  // namespace orrery::validate
