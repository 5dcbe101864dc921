// `orrery validate SUITE`: predict, measure or read what was measured, compare.
#include <fmt/format.h>

#include <filesystem>
#include <optional>

#include "calibrate/backends/cpu/launch.hpp"
#include "cli/machine.hpp"
#include "cli/netlab_ranks.hpp"
#include "cli/real_runs.hpp"
#include "cli/validate_collectives.hpp"
#include "cli/validate_netlab.hpp"
#include "cli/validate_self_sgd.hpp"
#include "cli/verb.hpp"
#include "scenarios/artifact.hpp"
#include "sim/base/error.hpp"
#include "sim/base/spelling.hpp"
#include "validate/present_speed.hpp"
#include "validate/score.hpp"
#include "validate/suite.hpp"

namespace orrery::cli {
namespace {

class Validate : public Verb {
 public:
  std::string example() const override {
    return "orrery validate self-train --score-only validate/data/self_train_cpu_2core";
  }

  void declare(CLI::App& app) override {
    app.add_option("suite", suite_,
                   "self-train: predicted against real training on this machine; self-sgd: against a real parameter "
                   "server; collectives: against tables of measured collectives; netlab: collectives on a small real "
                   "network")
        ->required();
    app.add_option("--profile", profile_, "profile to predict from (orrery calibrate)")
        ->capture_default_str();
    app.add_flag("--short", options_.is_short,
                 "half a minute: self-train: a quarter of the configurations; self-sgd: short runs, each once");
    app.add_option("--steps", options_.steps, "timed steps of each real run")->check(CLI::Range(10, 100000));
    app.add_option("--repeats", repeats_, "of each real run; default: 3 for self-train, 2 for self-sgd, 15 for netlab")
        ->check(CLI::Range(1, 100));
    app.add_option("--learners", self_sgd_.learners, "self-sgd: learners beside the server, 2 to 8")
        ->check(CLI::Range(2, 8))
        ->capture_default_str();
    app.add_option("--seconds", seconds_, "self-sgd: length of each real run; default: 15, with --short 4")
        ->check(CLI::Range(1.0, 3600.0));
    app.add_option("--ranks", netlab_.ranks, "netlab: ranks of the collectives, 4 to 8")
        ->check(CLI::Range(4, 8))
        ->capture_default_str();
    app.add_option("--rate", netlab_.rate, "netlab: of each host's link")->capture_default_str();
    app.add_option("--lab", netlab_.script, "netlab: the script that makes the network")->capture_default_str();
    app.add_option("--out", out_, "folder for predictions, measured runs and the score; default: ./self_train, ./self_sgd, ./netlab")
        ->type_name("DIR");
    app.add_option("--score-only", score_only_, "score what an earlier call left in this folder")
        ->type_name("DIR");
    app.add_option("--data", data_, "collectives: folder with the tables, in collectives/ and training/")
        ->type_name("DIR");
    app.add_option("--fabrics", fabrics_, "collectives: folder with fabric profiles")
        ->type_name("DIR")
        ->capture_default_str();
    app.add_option("--child", child_.job)->group("");  // this program in its own child processes
    app.add_option("--child-input", child_.input)->group("");
    app.add_option("--child-record", child_.record)->group("");
  }

  ExitCode run() override {
    if (suite_ == "netlab") return netlab();
    if (suite_ == "collectives") return collectives();
    if (suite_ == "self-sgd") return self_sgd();
    if (suite_ != "self-train") {
      throw ScenarioError("validate", "unknown suite \"" + suite_ + "\"" +
                                          spelling_hint(suite_, {"self-train", "self-sgd", "collectives", "netlab"}));
    }
    if (out_.empty()) out_ = "self_train";
    if (!child_.job.empty()) {
      run_child(child_);
      return ExitCode::done;
    }
    if (!score_only_.empty()) {
      const validate::StoredSuite stored = validate::read_suite(score_only_);
      return print(validate::score(stored.sealed.predictions, stored.runs));
    }
    return self_train();
  }

 private:
  ExitCode collectives() {
    if (data_.empty()) {
      throw ScenarioError("--data", "which folder holds the tables? Expected one with collectives/ and training/ "
                                    "(docs/collective-costs.md lists their forms)");
    }
    return validate_collectives(data_, fabrics_);
  }

  ExitCode netlab() {
    if (!child_.job.empty()) {
      run_netlab_ranks(child_.input, child_.record);
      return ExitCode::done;
    }
    if (!score_only_.empty()) return score_netlab_session(score_only_);
    netlab_.repeats = repeats_.value_or(netlab_.repeats);
    if (!out_.empty()) netlab_.out = out_;
    return validate_netlab(netlab_);
  }

  ExitCode self_sgd() {
    if (!child_.job.empty()) {
      run_self_sgd_ranks(child_);
      return ExitCode::done;
    }
    if (!score_only_.empty()) return score_self_sgd_session(score_only_);
    if (options_.is_short) self_sgd_ = {self_sgd_.learners, 4.0, 1, self_sgd_.out};
    self_sgd_.repeats = repeats_.value_or(self_sgd_.repeats);
    self_sgd_.seconds = seconds_.value_or(self_sgd_.seconds);
    if (!out_.empty()) self_sgd_.out = out_;
    return validate_self_sgd(self_sgd_);
  }

  ExitCode self_train() {
    cost::Profile profile = cost::parse_profile(scenario::read_file(profile_), profile_);
    is_measured_here(profile);
    const std::vector<scenario::Scenario> suite = validate::self_train_suite(options_);
    const std::string seal = predict(std::move(profile), suite);
    ChildTrainer trainer(out_);
    const std::vector<validate::MeasuredRun> runs =
        validate::run_suite(suite, repeats_.value_or(3), trainer, out_, seal, show_progress);
    const validate::Score score = validate::score(predictions_, runs);
    scenario::write_artifacts(
        out_, {{"score.json", validate::score_json(score)}, {"score.txt", validate::score_text(score)}});
    const ExitCode code = print(score);
    fmt::print("predictions, runs and score: {}\n", out_);
    return code;
  }

  /// Present speed of the machine, then predictions, sealed; returns the seal.
  std::string predict(cost::Profile profile, const std::vector<scenario::Scenario>& suite) {
    int ranks = 1;
    for (const scenario::Scenario& scenario : suite) ranks = std::max(ranks, scenario.plan.data_parallel);
    show_progress("measuring the machine's present speed");
    const cost::SpeedRatios shown = measure_present_speed(profile_, ranks, out_);
    const cost::SpeedRatios now = validate::lasting_part(shown, profile);
    fmt::print("present speed, time against the profile (measured -> part that lasts, applied):\n");
    const auto line = [](const char* aspect, double measured, double applied) {
      fmt::print("  {:<16} {:>+6.1f} % -> {:>+6.1f} %\n", aspect, (measured - 1) * 100, (applied - 1) * 100);
    };
    line("compute", shown.compute, now.compute);
    line("memory", shown.memory, now.memory);
    line("small operators", shown.small, now.small);
    line("communication", shown.communication, now.communication);
    const auto costs = cost::make_cost_model(cost::scaled(std::move(profile), now));
    predictions_.profile = std::filesystem::path(profile_).filename().string();
    predictions_.cost_model = costs->description();
    predictions_.present_speed = {now.compute, now.memory, now.small, now.communication};
    predictions_.predictions = validate::predict_suite(suite, *costs);
    const std::string seal = validate::seal_predictions(out_, predictions_);
    fmt::print("{} predictions written before any run, seal {}\n\n", predictions_.predictions.size(), seal);
    std::fflush(stdout);
    return seal;
  }

  static void show_progress(const std::string& line) {
    const bool terminal = cpu::stderr_is_terminal();
    fmt::print(stderr, "{}{}{}", terminal ? "\r\033[K" : "", line, terminal ? "" : "\n");
    std::fflush(stderr);
  }

  static ExitCode print(const validate::Score& score) {
    if (cpu::stderr_is_terminal()) fmt::print(stderr, "\r\033[K");
    fmt::print("{}", validate::score_text(score));
    return score.passed ? ExitCode::done : ExitCode::goal_missed;
  }

  std::string suite_, profile_ = "costmodel/profiles/cpu_2core.json", out_, score_only_;
  std::string data_, fabrics_ = "costmodel/profiles/fabrics";
  validate::SuiteOptions options_;
  std::optional<int> repeats_;
  std::optional<double> seconds_;
  NetlabOptions netlab_;
  SelfSgdOptions self_sgd_;
  ChildJob child_;
  validate::Predictions predictions_;
};

const bool registered =
    verbs().add<Validate>("validate", "predict a suite of runs, do them for real, compare");

}  // namespace
}  // namespace orrery::cli
