// `orrery sweep`: all points of a scenario with a `sweep` block, on several threads. The table goes to stdout, progress to
// stderr.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "cli/verb.hpp"
#include "scenarios/artifact.hpp"
#include "scenarios/sweep_run.hpp"
#include "sim/base/error.hpp"

namespace orrery::cli {
namespace {

/// One line that is written over on a terminal; elsewhere a line per tenth of the sweep and one for each error.
class Progress final : public scenario::SweepProgress {
 public:
  void point_done(std::size_t done, std::size_t total, const scenario::SweepPoint& point,
                  const scenario::PointResult& result) override {
    const bool failed = !result.error.empty();
    const std::string said = failed ? ": " + result.error : result.reused ? " (kept)" : "";
    if (terminal_) {
      const std::string line = fmt::format("[{}/{}] {}{}", done, total, point.name(), said);
      fmt::print(stderr, "\r\033[K{}{}", failed ? line : line.substr(0, 100), failed || done == total ? "\n" : "");
    } else if (failed || done == total || done * 10 / total > (done - 1) * 10 / total) {
      fmt::print(stderr, "[{}/{}] {}{}\n", done, total, point.name(), said);
    }
    std::fflush(stderr);
  }

 private:
  bool terminal_ = isatty(STDERR_FILENO) == 1;
};

class Sweep : public Verb {
 public:
  std::string example() const override { return "orrery sweep scenarios/train/mlp_scaling_sweep.json"; }

  void declare(CLI::App& app) override {
    app.add_option("scenario", file_, "scenario file with a block \"sweep\" (docs/sweep.md)")->required();
    app.add_option("--threads", threads_, "simulations at once; 0: one per core; the answer is the same for all")
        ->check(CLI::Range(0, 4096))
        ->capture_default_str();
    app.add_option("--set", overrides_, "replace one value in every point (repeatable)")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false);
    app.add_option("--out", out_, "folder for sweep.json, sweep.csv and points/; points that are there are reused")
        ->type_name("DIR");
    app.add_option("--format", format_, "of the answer: table, json, csv or md")->capture_default_str();
  }

  ExitCode run() override {
    const scenario::Format format = scenario::format_named(format_);
    const scenario::Sweep sweep = scenario::expand(parse_json(scenario::read_file(file_), file_), overrides_);
    Progress progress;
    const auto results = scenario::run_sweep(sweep, {threads_, out_}, &progress);
    if (!out_.empty()) {
      scenario::write_artifacts(out_, {{"sweep.json", sweep_text(sweep, results, scenario::Format::json)},
                                       {"sweep.csv", sweep_text(sweep, results, scenario::Format::csv)}});
      fmt::print(stderr, "wrote {0}/sweep.json\nwrote {0}/sweep.csv\n", out_);
    }
    fmt::print("{}", sweep_text(sweep, results, format));
    const bool met = std::all_of(results.begin(), results.end(), [](const auto& result) { return result.goal_met; });
    return met ? ExitCode::done : ExitCode::goal_missed;
  }

 private:
  std::string file_, out_, format_ = "table";
  std::vector<std::string> overrides_;
  int threads_ = 0;
};

const bool registered = verbs().add<Sweep>("sweep", "predict all points of a scenario with a sweep block");

}  // namespace
}  // namespace orrery::cli
