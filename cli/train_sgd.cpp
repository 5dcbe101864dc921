#include "cli/train_sgd.hpp"

#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "calibrate/backends/cpu/launch.hpp"
#include "calibrate/backends/cpu/mpi_point_to_point.hpp"
#include "calibrate/backends/cpu/mpi_session.hpp"
#include "scenarios/artifact.hpp"
#include "scenarios/question.hpp"
#include "scenarios/text_table.hpp"
#include "sim/base/error.hpp"
#include "sim/base/spelling.hpp"
#include "sim/base/unit_text.hpp"
#include "validate/reference/sgd_run.hpp"
#include "workloads/sgd/engine.hpp"

namespace orrery::cli {
namespace {

using scenario::SgdScenario;

/// Indices into the scenario's variants.
std::vector<std::size_t> chosen(const SgdScenario& s, const std::string& name) {
  std::vector<std::size_t> found;
  std::vector<std::string> known;
  for (std::size_t i = 0; i < s.variants.size(); ++i) {
    known.push_back(s.variants[i]->label());
    if (name.empty() || name == known.back() || name == s.variants[i].name()) found.push_back(i);
  }
  if (found.empty()) {
    throw ScenarioError("--variant", "the scenario has no variant \"" + name + "\"" + spelling_hint(name, known));
  }
  return found;
}

/// Real time and one real server: the refusals name what --set would make it possible.
void check(const SgdScenario& s, std::size_t runs, double minutes) {
  if (const auto* server = std::get_if<sgd::ServerAggregation>(&s.aggregation); server != nullptr && server->servers > 1) {
    throw ScenarioError("aggregation.servers", "the real parameter server is one process; --set aggregation.servers=1");
  }
  if (std::holds_alternative<sgd::AllReduceAggregation>(s.aggregation)) {
    throw ScenarioError("aggregation", "learners of a real run meet at one parameter server; --set aggregation.kind=free");
  }
  for (const auto& [key, compression] : {std::pair{"push", &s.push}, std::pair{"pull", &s.pull}}) {
    if (compression->method.name() == "none") continue;
    throw ScenarioError(fmt::format("{}.method", key),
                        fmt::format("real runs send whole gradients and models; --set {}.method.kind=none", key));
  }
  if (s.horizon.epochs) {
    throw ScenarioError("horizon.epochs", "a real run ends by time or updates; --set horizon.epochs=null");
  }
  constexpr int kMostLearners = 64;
  if (s.learners > kMostLearners) {
    throw ScenarioError("learners", fmt::format("a real run starts a process for each of {} learners; --set learners={} or "
                                                "fewer", s.learners, kMostLearners));
  }
  const double wanted = s.horizon.time.value() * static_cast<double>(runs), most = 60.0 * minutes;
  if (wanted <= most) return;
  throw ScenarioError("horizon.time",
                      fmt::format("{} runs of {} take {} in real time, more than --minutes {:g}; shorten them with --set "
                                  "horizon.time={:.3g}s and compute times in proportion (their mean is {}; for example --set "
                                  "compute.distribution.mean=20ms), choose one with --variant, or raise --minutes",
                                  runs, human(s.horizon.time), human(Seconds(wanted)), minutes,
                                  std::floor(most / static_cast<double>(runs) * 100.0) / 100.0,
                                  human(s.compute.distribution->mean())));
}

reference::SgdConfig config_of(const SgdScenario& s, std::size_t variant) {
  reference::SgdConfig config;
  config.problem = s.problem;
  config.learners = s.learners;
  config.batch = s.batch;
  config.update = s.update;
  config.compute = s.compute;
  config.variant = s.variants[variant];
  config.time = s.horizon.time;
  config.updates = s.horizon.updates;
  config.points = s.evaluation.points;
  config.samples = s.evaluation.samples;
  config.seed = s.seed;
  return config;
}

/// The variants one after the other; records on rank 0, nothing elsewhere. MPI ends with it.
std::vector<reference::SgdRun> run_for_real(const scenario::Question& question, const std::vector<std::size_t>& variants) {
  const auto& s = std::get<SgdScenario>(question.scenario);
  cpu::MpiSession session;
  if (session.world().size() != s.learners + 1) {
    throw ScenarioError("learners", fmt::format("{} learners and a server wanted, but mpirun started {} ranks", s.learners,
                                                session.world().size()));
  }
  const auto messages = cpu::mpi_point_to_point();
  std::vector<reference::SgdRun> runs;
  for (const std::size_t i : variants) {
    auto run = reference::run_parameter_server(config_of(s, i), question.data.get(), session.world(), *messages);
    if (!run) continue;
    SIM_ASSERT(reference::replayed_hash(*run) == run->decisions_hash, "a replayed run decides as it did");
    runs.push_back(std::move(*run));
    fmt::print(stderr, "[{}/{}] {}: {} updates\n", runs.size(), variants.size(), s.variants[i]->label(), runs.back().updates);
  }
  return runs;
}

std::string table_of(const scenario::Question& question, const std::vector<std::size_t>& variants,
                     const std::vector<reference::SgdRun>& runs) {
  const auto& s = std::get<SgdScenario>(question.scenario);
  const scenario::TextStyle style;
  std::vector<scenario::TextRow> rows = style.header(
      {"variant", "updates/s", "updates/s", "staleness", "stale", "loss", "loss"},
      {"", "real", "simulated", "real", "simulated", "real", "simulated"});
  const auto loss = [](const auto& curve) { return curve.empty() ? std::string("-") : fmt::format("{:.4g}", curve.back().loss); };
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const sgd::SgdResult simulated = sgd::simulate(scenario::sgd_spec(s, variants[i], 0, question.data.get()));
    rows.push_back({s.variants[variants[i]]->label(),
                    fmt::format("{:.2f}", static_cast<double>(runs[i].updates) / runs[i].duration_s),
                    fmt::format("{:.2f}", static_cast<double>(simulated.books.updates) / simulated.end.value()),
                    fmt::format("{:.2f}", sync::mean_staleness(runs[i].staleness)),
                    fmt::format("{:.2f}", simulated.books.mean_staleness()), loss(runs[i].curve), loss(simulated.curve)});
  }
  return style.table(rows);
}

void store(const scenario::Question& question, const std::vector<reference::SgdRun>& runs, const std::string& folder) {
  std::string lines;
  for (const reference::SgdRun& run : runs) lines += reference::sgd_run_text(run);
  scenario::write_artifacts(folder, {{"runs.jsonl", lines}, {"scenario.json", scenario::question_text(question)}});
  for (const char* name : {"runs.jsonl", "scenario.json"}) fmt::print(stderr, "wrote {}/{}\n", folder, name);
}

}  // namespace

bool is_sgd_scenario(const JsonDocument& document) {
  const Json& root = document.root;
  return root.is_object() && root.contains("kind") && root["kind"] == "sgd";
}

ExitCode train_sgd(const TrainSgdOptions& options) {
  const scenario::Question question = scenario::read_question_file(options.file, options.overrides);
  const auto& s = std::get<SgdScenario>(question.scenario);
  const std::vector<std::size_t> variants = chosen(s, options.variant);
  check(s, variants.size(), options.minutes);
  if (!cpu::MpiSession::is_launched()) {
    cpu::LaunchSite site = cpu::this_process();
    site.share_cores = true;
    site.real_time = cpu::may_use_real_time();
    return static_cast<ExitCode>(cpu::launch_ranks(s.learners + 1, site));
  }
  const std::vector<reference::SgdRun> runs = run_for_real(question, variants);
  if (runs.empty()) return ExitCode::done;  // a learner's rank
  if (!options.out.empty()) store(question, runs, options.out);
  fmt::print("{}: {} learners and a parameter server in processes of their own, runs of {}, seed {}\n\n{}\n"
             "simulated: the scenario as it stands, which knows nothing of what messages take on this machine\n"
             "(orrery validate self-sgd measures that first)\n",
             s.name, s.learners, human(s.horizon.time), s.seed, table_of(question, variants, runs));
  return ExitCode::done;
}

}  // namespace orrery::cli
