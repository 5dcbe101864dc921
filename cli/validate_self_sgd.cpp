#include "cli/validate_self_sgd.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "calibrate/backends/cpu/launch.hpp"
#include "scenarios/artifact.hpp"
#include "sim/base/error.hpp"
#include "sim/base/json_io.hpp"
#include "sim/base/unit_text.hpp"
#include "validate/self_sgd_score.hpp"
#include "validate/self_sgd_store.hpp"

namespace orrery::cli {
namespace {

namespace fs = std::filesystem;

/// Starts this program on a server's and the learners' ranks and returns what rank 0 recorded.
std::string run_tasks(const SelfSgdOptions& options, const validate::SelfSgdWork& work, bool real_time) {
  const std::string input = (fs::path(options.out) / "current_work.json").string();
  const std::string record = (fs::path(options.out) / "current_runs.jsonl").string();
  fs::remove(record);
  scenario::write_artifacts(options.out, {{"current_work.json", write_json(work).dump() + "\n"}});
  cpu::LaunchSite site = cpu::this_process();
  site.share_cores = true;
  site.real_time = real_time;
  site.arguments = {"validate", "self-sgd", "--child", "sgd", "--child-input", input, "--child-record", record};
  if (const int code = cpu::launch_ranks(work.setting.learners + 1, site); code != 0) {
    throw BackendError(fmt::format("the parameter server's processes ended with exit code {}", code));
  }
  std::string text = scenario::read_file(record);
  fs::remove(record);
  fs::remove(input);
  return text;
}

void print(const validate::SelfSgdSetting& setting) {
  fmt::print("{} on digits, {} learners, batch {}; compute time {} + exponential of mean {}; runs of {}\n",
             setting.problem.name(), setting.learners, setting.batch, human(setting.least), human(setting.excess),
             human(setting.time));
}

ExitCode finish(const validate::SelfSgdScore& score) {
  fmt::print("{}", validate::self_sgd_score_text(score));
  return score.passed ? ExitCode::done : ExitCode::goal_missed;
}

}  // namespace

ExitCode validate_self_sgd(const SelfSgdOptions& options) {
  const validate::SelfSgdSetting setting = validate::self_sgd_setting(options.learners, options.seconds);
  validate::check_session_folder(options.out);
  if (!cpu::can_launch()) {
    fmt::print("skipped: self-sgd needs mpirun (Debian's package openmpi-bin); nothing was measured\n"
               "(orrery validate self-sgd --score-only DIR scores stored runs)\n");
    return ExitCode::done;
  }
  const bool real_time = cpu::may_use_real_time();
  if (!real_time) fmt::print("no real-time priority here: on a loaded machine times will be noisy\n");
  print(setting);
  std::fflush(stdout);
  const std::string calibration =
      run_tasks(options, {setting, validate::self_sgd_calibration(setting), ""}, real_time);
  scenario::write_artifacts(options.out, {{validate::kSelfSgdCalibrationFile, calibration}});
  const std::vector<validate::SelfSgdTask> tasks = validate::self_sgd_tasks(setting, options.repeats);
  const validate::SelfSgdPredictions predictions = validate::predict_self_sgd(
      setting,
      validate::calibrate_self_sgd(validate::read_self_sgd_runs(calibration, validate::kSelfSgdCalibrationFile)),
      tasks);
  const std::string seal = validate::seal_self_sgd(options.out, predictions);
  fmt::print("{} variants predicted before any scored run, seal {}\n\n", predictions.predictions.size(), seal);
  std::fflush(stdout);
  const std::string text = run_tasks(options, {setting, tasks, seal}, real_time);
  scenario::write_artifacts(options.out, {{validate::kSelfSgdRunsFile, text}});
  const validate::SelfSgdSession session = validate::read_self_sgd_session(options.out);
  const validate::SelfSgdScore score = validate::score_self_sgd(session.predictions, session.runs);
  scenario::write_artifacts(options.out, {{"score.json", validate::self_sgd_score_json(score)},
                                          {"score.txt", validate::self_sgd_score_text(score)}});
  const ExitCode code = finish(score);
  fmt::print("calibration, predictions, runs and score: {}\n", options.out);
  return code;
}

ExitCode score_self_sgd_session(const std::string& folder) {
  const validate::SelfSgdSession session = validate::read_self_sgd_session(folder);
  print(session.predictions.setting);
  return finish(validate::score_self_sgd(session.predictions, session.runs));
}

}  // namespace orrery::cli
