// `orrery train`: does a scenario's training for real on this machine's cores. The answer goes to stdout,
// artefacts to
// --out, progress to stderr.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "calibrate/backends/cpu/launch.hpp"
#include "calibrate/backends/cpu/mpi_session.hpp"
#include "cli/train_request.hpp"
#include "cli/train_sgd.hpp"
#include "cli/verb.hpp"
#include "scenarios/artifact.hpp"
#include "sim/base/error.hpp"
#include "sim/observe/chrome_trace.hpp"
#include "validate/reference/train_report.hpp"
#include "validate/reference/train_trace.hpp"
#include "validate/reference/trainer.hpp"

namespace orrery::cli {
namespace {

/// One line on stderr: redrawn ten times a second on a terminal, a line per tenth of the run elsewhere. Rare
/// on purpose: it stands between two timed steps.
class ProgressLine {
 public:
  explicit ProgressLine(std::int64_t steps) : steps_(steps), terminal_(cpu::stderr_is_terminal()) {}

  void operator()(std::int64_t step, double loss) {
    const bool last = step + 1 == steps_;
    if (terminal_) {
      const auto now = std::chrono::steady_clock::now();
      if (!last && now - drawn_ < std::chrono::milliseconds(100)) return;
      drawn_ = now;
    } else if (!last && (step + 1) % std::max<std::int64_t>(steps_ / 10, 1) != 0) {
      return;
    }
    fmt::print(stderr, "{}[{}/{}] loss {:.4f}{}", terminal_ ? "\r" : "", step + 1, steps_, loss,
               terminal_ && !last ? "  " : "\n");
    std::fflush(stderr);
  }

 private:
  std::int64_t steps_;
  bool terminal_;
  std::chrono::steady_clock::time_point drawn_;
};

class Train : public Verb {
 public:
  std::string example() const override { return "orrery train scenarios/train/mlp_dp2.json --steps 20"; }

  void declare(CLI::App& app) override {
    app.add_option("scenario", file_, "scenario file (JSON; see orrery schema)")->required();
    app.add_option("--set", overrides_, "replace one value: --set batch=256 (repeatable)")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false);
    app.add_option("--steps", steps_, "short for --set steps=N");
    app.add_option("--seed", seed_, "short for --set seed=N");
    app.add_option("--out", out_,
                   "folder for train.json, spans.csv, losses.csv, trace.json.gz and scenario.json (kind sgd: runs.jsonl)")
        ->type_name("DIR");
    app.add_option("--checkpoint", options_.checkpoint, "file to write at the end, and in between")
        ->type_name("FILE");
    app.add_option("--checkpoint-every", options_.checkpoint_every,
                   "steps between checkpoints; 0: only at the end")
        ->check(CLI::NonNegativeNumber);
    app.add_option("--variant", sgd_.variant, "scenarios of kind sgd: run this one only (its kind or label)");
    app.add_option("--minutes", sgd_.minutes, "scenarios of kind sgd: longest time that all runs together may take")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_flag("--resume", options_.resume, "go on from --checkpoint if that file exists");
  }

  ExitCode run() override {
    if (!steps_.empty()) overrides_.push_back("steps=" + steps_);
    if (!seed_.empty()) overrides_.push_back("seed=" + seed_);
    std::string text = scenario::read_file(file_);
    if (is_sgd_scenario(parse_json(text, file_))) return parallel_sgd();
    const auto file = scenario::read_scenario(std::move(text), file_, overrides_);
    const int ranks = file.scenario.plan.data_parallel;
    const reference::TrainConfig config = train_config(file.scenario, file_);
    if (!out_.empty()) options_.traced_steps = 5;
    if (!cpu::MpiSession::is_launched()) {
      if (ranks > 1 && file.scenario.plan.overlap) {
        fmt::print(stderr,
                   "note: plan.overlap has no effect here: a CPU rank exchanges its gradients itself\n");
      }
      if (ranks > 1) {
        reference::check_config(config, options_, ranks);
        return static_cast<ExitCode>(cpu::launch_ranks(ranks));
      }
    }
    cpu::RankSession session;
    return train(file.scenario, config, session.world());
  }

 private:
  ExitCode train(const scenario::Scenario& scenario, const reference::TrainConfig& config,
                 calibrate::Communicator& ranks) {
    if (ranks.size() != scenario.plan.data_parallel) {
      throw ScenarioError("plan.data_parallel", fmt::format("{} ranks wanted, but mpirun started {}",
                                                            scenario.plan.data_parallel, ranks.size()));
    }
    const reference::TrainRun run = reference::train(config, options_, ranks, ProgressLine(config.steps));
    if (ranks.rank() != 0) return ExitCode::done;
    if (!out_.empty()) store(scenario, run);
    fmt::print("{}", reference::report_text(run));
    return ExitCode::done;
  }

  ExitCode parallel_sgd() {
    if (!options_.checkpoint.empty() || options_.resume) {
      throw ScenarioError("--checkpoint", "runs of kind sgd are short and leave no checkpoint");
    }
    if (!steps_.empty()) throw ScenarioError("--steps", "scenarios of kind sgd end by time; use --set horizon.time=10s");
    sgd_.file = file_;
    sgd_.overrides = overrides_;
    sgd_.out = out_;
    return train_sgd(sgd_);
  }

  void store(const scenario::Scenario& scenario, const reference::TrainRun& run) const {
    const std::string trace = observe::chrome_trace(reference::to_trace(run));
    const std::vector<scenario::NamedBytes> parts = {{"train.json", reference::train_run_text(run)},
                                                     {"spans.csv", reference::spans_csv(run)},
                                                     {"losses.csv", reference::losses_csv(run)},
                                                     {"trace.json.gz", scenario::gzip(trace)},
                                                     {"scenario.json", scenario::scenario_text(scenario)}};
    scenario::write_artifacts(out_, parts);
    for (const auto& [name, bytes] : parts) fmt::print(stderr, "wrote {}/{}\n", out_, name);
  }

  std::string file_, steps_, seed_, out_;
  std::vector<std::string> overrides_;
  reference::TrainOptions options_;
  TrainSgdOptions sgd_;
};

const bool registered = verbs().add<Train>("train", "do a scenario's training for real on this machine");

}  // namespace
}  // namespace orrery::cli
