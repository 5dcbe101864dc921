#include "cli/real_runs.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <vector>

#include "calibrate/backends/cpu/cpu_backend.hpp"
#include "calibrate/backends/cpu/launch.hpp"
#include "calibrate/backends/cpu/mpi_session.hpp"
#include "calibrate/speed.hpp"
#include "cli/train_request.hpp"
#include "scenarios/artifact.hpp"
#include "sim/base/error.hpp"
#include "sim/base/json_io.hpp"
#include "validate/reference/trainer.hpp"

namespace orrery::cli {
namespace {

namespace fs = std::filesystem;

void write_record(const std::string& record, const std::string& text) {
  const fs::path path(record);
  scenario::write_artifacts(path.parent_path().string(), {{path.filename().string(), text}});
}

void train_child(const ChildJob& job) {
  const auto file = scenario::read_scenario(scenario::read_file(job.input), job.input);
  reference::TrainConfig config = train_config(file.scenario, job.input);
  config.steps += kWarmUpSteps;
  reference::TrainOptions options;
  options.warm_up = kWarmUpSteps;
  options.evaluate = false;
  cpu::RankSession session;
  const reference::TrainRun run = reference::train(config, options, session.world());
  if (session.world().rank() == 0) write_record(job.record, reference::train_run_text(run));
}

validate::PresentSpeed plain(const cost::SpeedRatios& ratios) {
  return {ratios.compute, ratios.memory, ratios.small, ratios.communication};
}

void speed_child(const ChildJob& job) {
  const cost::Profile profile = cost::parse_profile(scenario::read_file(job.input), job.input);
  cpu::RankSession session;
  cpu::CpuBackend backend(session.world());
  // About three seconds, so that somebody else's short burst does not count as the speed of the machine.
  constexpr int kRounds = 24;
  const cost::SpeedRatios ratios =
      calibrate::measure_speed(profile, backend, calibrate::steady_clock(), kRounds);
  if (session.world().rank() == 0) write_record(job.record, write_json(plain(ratios)).dump() + "\n");
}

/// Starts this program again on `ranks` processes and returns what it recorded.
std::string run_ranks(const ChildJob& job, int ranks) {
  fs::remove(job.record);
  cpu::LaunchSite site = cpu::this_process();
  site.arguments = {"validate",      "self-train", "--child",        job.job,
                    "--child-input", job.input,    "--child-record", job.record};
  if (const int code = cpu::launch_ranks(ranks, site); code != 0) {
    throw BackendError("the " + job.job + " process ended with exit code " + std::to_string(code));
  }
  std::string text = scenario::read_file(job.record);
  fs::remove(job.record);
  return text;
}

double to_nanoseconds(double seconds) {
  return std::round(seconds * 1e9) / 1e9;  // the clock's grain; keeps the files short
}

/// Moment at which the slowest rank ended the step.
double last_end(const reference::TrainRun& run, std::size_t step) {
  double end = 0.0;
  for (const reference::RankLog& log : run.logs) end = std::max(end, log.steps[step].end);
  return end;
}

/// As in TrainResult: a step lasts from the moment the slowest rank ended the one before to the moment the
/// slowest rank ends this one.
validate::MeasuredRun measured_run(const reference::TrainRun& run) {
  validate::MeasuredRun result;
  const double share = 1.0 / run.ranks;
  for (auto step = static_cast<std::size_t>(kWarmUpSteps); step < run.logs.front().steps.size(); ++step) {
    reference::StepParts mean;
    for (int rank = 0; rank < run.ranks; ++rank) {
      const reference::StepParts parts = reference::step_parts(run, rank, step);
      mean.forward += share * parts.forward;
      mean.backward += share * parts.backward;
      mean.communication += share * (parts.communication + parts.waiting);
      mean.update += share * parts.update;
    }
    result.step_s.push_back(to_nanoseconds(last_end(run, step) - last_end(run, step - 1)));
    result.forward_s.push_back(to_nanoseconds(mean.forward));
    result.backward_s.push_back(to_nanoseconds(mean.backward));
    result.communication_s.push_back(to_nanoseconds(mean.communication));
    result.update_s.push_back(to_nanoseconds(mean.update));
  }
  return result;
}

}  // namespace

void run_child(const ChildJob& job) {
  if (job.job == "train") return train_child(job);
  if (job.job == "speed") return speed_child(job);
  throw ScenarioError("--child", "unknown job \"" + job.job + "\"; expected train or speed");
}

validate::MeasuredRun ChildTrainer::train(const scenario::Scenario& scenario) {
  const std::string input = (fs::path(folder_) / "current_scenario.json").string();
  scenario::write_artifacts(folder_, {{"current_scenario.json", scenario::scenario_text(scenario)}});
  const std::string record = (fs::path(folder_) / "current_run.json").string();
  const std::string text = run_ranks({"train", input, record}, scenario.plan.data_parallel);
  fs::remove(input);
  return measured_run(reference::parse_train_run(parse_json(text, record)));
}

cost::SpeedRatios measure_present_speed(const std::string& profile_file, int ranks,
                                        const std::string& folder) {
  fs::create_directories(folder);
  const std::string record = (fs::path(folder) / "present_speed.json").string();
  validate::PresentSpeed speed;
  read_json(parse_json(run_ranks({"speed", profile_file, record}, ranks), record), speed);
  return {speed.compute, speed.memory, speed.small, speed.communication};
}

}  // namespace orrery::cli
