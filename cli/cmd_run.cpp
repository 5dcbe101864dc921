// `orrery run`: predicts one scenario. The answer goes to stdout, artefacts to --out, everything else to
// stderr.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "cli/machine.hpp"
#include "cli/verb.hpp"
#include "scenarios/artifact.hpp"
#include "scenarios/question.hpp"
#include "scenarios/sgd_page.hpp"
#include "sim/base/error.hpp"

namespace orrery::cli {
namespace {

class Run : public Verb {
 public:
  std::string example() const override {
    return "orrery run scenarios/train/mlp_dp2.json --set plan.bucket=4MiB";
  }

  void declare(CLI::App& app) override {
    app.add_option("scenario", file_, "scenario file (JSON; see orrery schema)")->required();
    app.add_option("--set", overrides_, "replace one value: --set plan.bucket=4MiB (repeatable)")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false);
    app.add_option("--seed", seed_, "short for --set seed=N");
    app.add_option("--out", out_, "folder for result.json, scenario.json, curves.csv (sgd) and the trace")->type_name("DIR");
    plot_option_ = app.add_option("--plot", plot_, "write a page for a browser: curves, staleness, timelines (scenarios of kind sgd)")
        ->type_name("FILE.html");
    app.add_flag("--trace", trace_, "also write trace.json.gz (needs --out)");
    app.add_flag("--dry-run", dry_run_, "print every resolved value and its origin; simulate nothing");
    app.add_option("--format", format_, "of the answer")
        ->check(CLI::IsMember({"table", "json", "csv", "md"}))
        ->capture_default_str();
  }

  ExitCode run() override {
    plotting_ = plot_option_->count() > 0;
    if (trace_ && out_.empty()) throw ScenarioError("--trace", "needs --out DIR to write trace.json.gz into");
    if (!seed_.empty()) overrides_.push_back("seed=" + seed_);
    if (trace_) overrides_.push_back("outputs.trace=true");
    const scenario::Question question = scenario::read_question_file(file_, overrides_);
    if (dry_run_) return list(question);
    if (plotting_ && !std::holds_alternative<scenario::SgdScenario>(question.scenario)) {
      throw ScenarioError("--plot", "only scenarios of kind sgd have a page; --format md is for documents, --trace for viewers");
    }
    if (plotting_) check_plot();
    const scenario::Answer answer = scenario::answer(question, scenario::wants_trace(question) && !out_.empty());
    print(answer, !question.profile || is_measured_here(*question.profile));
    std::fflush(stdout);
    if (!out_.empty()) store(question, answer);
    if (plotting_) plot(answer);
    return scenario::goal_met(answer) ? ExitCode::done : ExitCode::goal_missed;
  }

 private:
  static ExitCode list(const scenario::Question& question) {
    for (const auto& value : scenario::resolved_values(question)) {
      fmt::print("{:<28} {:<40} {}\n", value.path, value.value, value.origin);
    }
    return ExitCode::done;
  }

  void print(const scenario::Answer& answer, bool here) const {
    const bool bold = isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
    fmt::print("{}", scenario::answer_text(answer, scenario::format_named(format_), {here, bold}));
  }

  void store(const scenario::Question& question, const scenario::Answer& answer) const {
    std::vector<scenario::NamedBytes> parts = {{"result.json", scenario::result_json(answer)},
                                               {"scenario.json", scenario::question_text(question)}};
    if (std::holds_alternative<scenario::SgdReport>(answer.report)) {
      parts.emplace_back("curves.csv", scenario::answer_text(answer, scenario::Format::csv));
    }
    if (!answer.trace.empty()) parts.emplace_back("trace.json.gz", scenario::gzip(answer.trace));
    scenario::write_artifacts(out_, parts);
    for (const auto& [name, bytes] : parts) fmt::print(stderr, "wrote {}/{}\n", out_, name);
  }

  std::string plot_folder() const {
    const std::filesystem::path file(plot_);
    return file.has_parent_path() ? file.parent_path().string() : ".";
  }

  /// Before the run, so that what it found is not lost.
  void check_plot() const {
    namespace fs = std::filesystem;
    std::error_code ignored;
    if (plot_.empty() || fs::is_directory(plot_, ignored)) {
      throw ScenarioError("--plot", "\"" + plot_ + "\" is no name for a file; expected one such as out/page.html");
    }
    fs::create_directories(plot_folder(), ignored);
    if (!fs::is_directory(plot_folder(), ignored)) {
      throw ScenarioError("--plot", "\"" + plot_folder() + "\" is no folder and cannot be made one");
    }
    scenario::page_html(scenario::SgdReport{});  // throws where the program cannot draw
  }

  void plot(const scenario::Answer& answer) const {
    const std::filesystem::path file(plot_);
    const std::string folder = plot_folder();
    scenario::write_artifacts(folder, {{file.filename().string(), scenario::page_html(std::get<scenario::SgdReport>(answer.report))}});
    fmt::print(stderr, "wrote {}\n", plot_);
  }

  std::string file_, seed_, out_, plot_, format_ = "table";
  std::vector<std::string> overrides_;
  bool trace_ = false, dry_run_ = false, plotting_ = false;
  CLI::Option* plot_option_ = nullptr;
};

const bool registered = verbs().add<Run>("run", "predict one scenario");

}  // namespace
}  // namespace orrery::cli
