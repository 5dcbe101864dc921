// `orrery run`: predicts one scenario. The answer goes to stdout, artefacts to --out, everything else to
// stderr.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

#include "cli/machine.hpp"
#include "cli/verb.hpp"
#include "scenarios/artifact.hpp"
#include "scenarios/report_text.hpp"
#include "scenarios/run.hpp"
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
    app.add_option("--out", out_, "folder for result.json, scenario.json and the trace")->type_name("DIR");
    app.add_flag("--trace", trace_, "also write trace.json.gz (needs --out)");
    app.add_flag("--dry-run", dry_run_, "print every resolved value and its origin; simulate nothing");
    app.add_option("--format", format_, "of the answer")
        ->check(CLI::IsMember({"table", "json", "csv", "md"}))
        ->capture_default_str();
  }

  ExitCode run() override {
    if (trace_ && out_.empty()) throw ScenarioError("--trace", "needs --out DIR to write trace.json.gz into");
    if (!seed_.empty()) overrides_.push_back("seed=" + seed_);
    if (trace_) overrides_.push_back("outputs.trace=true");
    auto file = scenario::read_scenario(scenario::read_file(file_), file_, overrides_);
    const std::string place = scenario::resolve_path(file.scenario.profile, file_);
    const cost::Profile profile = cost::parse_profile(scenario::read_file(place), place);
    if (dry_run_) return list(file, profile);
    const bool with_trace = file.scenario.outputs.trace && !out_.empty();
    const scenario::Outcome outcome = scenario::run(file.scenario, profile, with_trace);
    file.scenario.profile = place;  // the stored scenario runs again from the same working directory
    if (!out_.empty()) store(file.scenario, outcome);
    print(outcome.report, is_measured_here(profile));
    return outcome.report.memory.fits ? ExitCode::done : ExitCode::goal_missed;
  }

 private:
  static ExitCode list(const scenario::ScenarioFile& file, const cost::Profile& profile) {
    auto values = scenario::resolved_values(file);
    for (const auto& [name, value] : {std::pair{"device", profile.device},
                                      {"date", profile.date},
                                      {"fingerprint", profile.fingerprint_id}}) {
      values.push_back({fmt::format("profile.{}", name), "\"" + value + "\"", "profile"});
    }
    for (const auto& value : values) fmt::print("{:<28} {:<40} {}\n", value.path, value.value, value.origin);
    return ExitCode::done;
  }

  void print(const scenario::RunReport& report, bool here) const {
    if (format_ == "json") {
      fmt::print("{}", scenario::report_json(report));
    } else if (format_ == "csv") {
      fmt::print("{}", scenario::report_csv(report));
    } else if (format_ == "md") {
      fmt::print("{}", scenario::report_markdown(report, here));
    } else {
      const bool bold = isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
      fmt::print("{}", scenario::report_table(report, here, bold));
    }
  }

  void store(const scenario::Scenario& resolved, const scenario::Outcome& outcome) const {
    std::vector<scenario::NamedBytes> parts = {{"result.json", scenario::report_json(outcome.report)},
                                               {"scenario.json", scenario::scenario_text(resolved)}};
    if (!outcome.trace.empty()) parts.emplace_back("trace.json.gz", scenario::gzip(outcome.trace));
    scenario::write_artifacts(out_, parts);
    for (const auto& [name, bytes] : parts) fmt::print(stderr, "wrote {}/{}\n", out_, name);
  }

  std::string file_, seed_, out_, format_ = "table";
  std::vector<std::string> overrides_;
  bool trace_ = false, dry_run_ = false;
};

const bool registered = verbs().add<Run>("run", "predict one scenario");

}  // namespace
}  // namespace orrery::cli
