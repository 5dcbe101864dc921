// The part of `validate self-sgd` that runs in the processes of the reference parameter server.
#include <fmt/format.h>

#include <cmath>
#include <filesystem>

#include "calibrate/backends/cpu/mpi_point_to_point.hpp"
#include "calibrate/backends/cpu/mpi_session.hpp"
#include "cli/validate_self_sgd.hpp"
#include "scenarios/artifact.hpp"
#include "sim/base/error.hpp"
#include "sim/base/json_io.hpp"
#include "validate/reference/sgd_run.hpp"
#include "validate/self_sgd_store.hpp"
#include "workloads/learn/digits.hpp"

namespace orrery::cli {
namespace {

reference::SgdConfig config_of(const validate::SelfSgdSetting& setting, const validate::SelfSgdTask& task) {
  reference::SgdConfig config;
  config.problem = setting.problem;
  config.learners = setting.learners;
  config.batch = setting.batch;
  config.update = setting.update;
  config.compute = validate::compute_times(setting, Seconds(0.0));
  config.variant = task.variant;
  config.time = task.time;
  config.points = setting.points;
  config.seed = task.seed;
  return config;
}

double six_digits(double value) {
  return std::stod(fmt::format("{:.6g}", value));
}

validate::SelfSgdRun stored_run(const reference::SgdRun& run, const validate::SelfSgdTask& task,
                                const std::string& seal) {
  validate::SelfSgdRun stored;
  stored.task = task;
  stored.predictions_hash = seal;
  stored.outcome.seed = task.seed;
  stored.outcome.updates_per_s = six_digits(static_cast<double>(run.updates) / run.duration_s);
  stored.outcome.staleness = run.staleness;
  while (!stored.outcome.staleness.empty() && stored.outcome.staleness.back() == 0) stored.outcome.staleness.pop_back();
  for (const reference::ScoredPoint& point : run.curve) stored.outcome.losses.push_back(six_digits(point.loss));
  stored.gradients = run.gradients;
  stored.cancelled = run.cancelled;
  stored.late = run.late;
  stored.late_s = six_digits(run.overheads.late_s);
  stored.reply_s = six_digits(run.overheads.reply_s);
  stored.gradient_s = six_digits(run.overheads.gradient_s);
  stored.update_s = six_digits(run.overheads.update_s);
  stored.duration_s = run.duration_s;
  stored.decisions_hash = run.decisions_hash;
  stored.arrivals = run.arrivals.learners;
  return stored;
}

}  // namespace

void run_self_sgd_ranks(const ChildJob& job) {
  validate::SelfSgdWork work;
  read_json(parse_json(scenario::read_file(job.input), job.input), work);
  const learn::Dataset data = learn::digits_dataset();
  cpu::MpiSession session;
  const auto messages = cpu::mpi_point_to_point();
  const std::filesystem::path record(job.record);
  std::string text;
  for (std::size_t i = 0; i < work.tasks.size(); ++i) {
    const validate::SelfSgdTask& task = work.tasks[i];
    const auto run = reference::run_parameter_server(config_of(work.setting, task), &data, session.world(), *messages);
    if (!run) continue;
    SIM_ASSERT(reference::replayed_hash(*run) == run->decisions_hash, "a replayed run decides as it did");
    text += validate::self_sgd_run_line(stored_run(*run, task, work.predictions_hash));
    scenario::write_artifacts(record.parent_path().string(), {{record.filename().string(), text}});
    fmt::print(stderr, "[{}/{}] {}: {:.2f} updates/s\n", i + 1, work.tasks.size(), task.variant->label(),
               static_cast<double>(run->updates) / run->duration_s);
  }
}

}  // namespace orrery::cli
