// `orrery calibrate measure | fit | report`: this machine -> measurements.csv -> profile.json -> table of
// errors.
#include <fmt/format.h>
#include <unistd.h>

#include <ctime>
#include <optional>

#include "calibrate/backends/cpu/cpu_backend.hpp"
#include "calibrate/backends/cpu/launch.hpp"
#include "calibrate/backends/cpu/mpi_session.hpp"
#include "calibrate/campaign.hpp"
#include "calibrate/fake_backend.hpp"
#include "calibrate/fit/fit.hpp"
#include "calibrate/measurement_store.hpp"
#include "calibrate/report.hpp"
#include "cli/verb.hpp"
#include "sim/base/error.hpp"

namespace orrery::cli {
namespace {

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  return fmt::format("{:04}-{:02}-{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
}

/// One line on stderr, redrawn in place on a terminal, once per twentieth elsewhere.
void show_progress(std::size_t done, std::size_t all, double left_s) {
  const std::size_t step = cpu::stderr_is_terminal() ? 8 : std::max<std::size_t>(all / 20, 1);
  if (done % step != 0) return;
  const std::size_t width = 40, filled = width * done / all;
  fmt::print(stderr, "{}[{}{}] {}/{} cases, about {:.0f} s left  {}", cpu::stderr_is_terminal() ? "\r" : "",
             std::string(filled, '#'), std::string(width - filled, '.'), done, all, left_s,
             cpu::stderr_is_terminal() ? "" : "\n");
  std::fflush(stderr);
}

class Calibrate : public Verb {
 public:
  std::string example() const override { return "orrery calibrate report costmodel/profiles/cpu_2core.json"; }

  void declare(CLI::App& app) override {
    app.require_subcommand(1);
    measure_ = app.add_subcommand("measure", "time kernels and collectives; writes a table of measurements");
    measure_->add_option("--backend", backend_, "cpu, or fake for a machine with known parameters")
        ->capture_default_str();
    measure_->add_option("--ranks", ranks_, "processes that measure together")->capture_default_str();
    auto* quick = measure_->add_flag("--quick", quick_, "under 90 seconds (the default)");
    measure_->add_flag("--full", full_, "more shapes, under 10 minutes")->excludes(quick);
    measure_->add_option("--seed", seed_, "of the choice and order of shapes")->capture_default_str();
    measure_->add_option("--out", table_, "table to write")->capture_default_str();
    fit_ = app.add_subcommand("fit", "fit cost models to a table of measurements; writes a profile");
    fit_->add_option("measurements", table_, "table written by measure")->required();
    fit_->add_option("--out", profile_, "profile to write")->capture_default_str();
    fit_->add_option("--note", note_, "remark for people, stored in the profile");
    auto* report = app.add_subcommand("report", "print the errors of a profile by operator and regime");
    report->add_option("profile", profile_, "profile written by fit")->required();
    report->add_option("--measurements", against_,
                       "score against this table instead of the profile's own points");
    report->add_option("--format", format_, "of the answer")
        ->check(CLI::IsMember({"table", "json", "csv", "md"}))
        ->capture_default_str();
  }

  ExitCode run() override {
    if (measure_->parsed()) return measure();
    return fit_->parsed() ? fit() : report();
  }

 private:
  ExitCode measure() {
    if (backend_ != "cpu" && backend_ != "fake") {
      throw ScenarioError("--backend",
                          "unknown backend \"" + backend_ + "\"" + spelling_hint(backend_, {"cpu", "fake"}));
    }
    if (ranks_ < 1) throw ScenarioError("--ranks", "expected at least 1 rank");
    if (backend_ == "fake") {
      calibrate::FakeBackend backend({.seed = Seed{seed_}, .ranks = ranks_});
      return measure(backend, [&backend] { return backend.now(); });
    }
    if (ranks_ > 1 && !cpu::MpiSession::is_launched())
      return static_cast<ExitCode>(cpu::launch_ranks(ranks_));
    cpu::RankSession session;
    cpu::CpuBackend backend(session.world());
    return measure(backend, calibrate::steady_clock());
  }

  ExitCode measure(calibrate::Backend& backend, const calibrate::Clock& clock) {
    const calibrate::SweepOptions options{full_, backend.ranks(), Seed{seed_}};
    const std::vector<calibrate::Visit> plan = calibrate::plan_sweep(options);
    std::optional<calibrate::MeasurementStore> store;
    if (backend.rank() == 0) {
      calibrate::MeasurementFile header{today(), backend.fingerprint(), {}, {}};
      header.facts["sweep"] = fmt::format("{} ranks={} seed={} visits={}", full_ ? "full" : "quick",
                                          backend.ranks(), seed_, plan.size());
      store.emplace(table_, header);
      if (store->rows_kept() > 0) {
        fmt::print(stderr, "{}.part holds {} of {} cases: going on\n", table_, store->rows_kept(),
                   plan.size());
      }
    }
    const double kept = backend.max_over_ranks(store ? static_cast<double>(store->rows_kept()) : 0.0);
    const double elapsed_s = backend.max_over_ranks(store ? store->last_start_s() : 0.0);
    const double start = clock();
    calibrate::run_campaign(
        backend, plan,
        {.first = static_cast<std::size_t>(kept), .elapsed_s = elapsed_s, .budget_s = options.budget_s()}, clock,
        {[&store](const calibrate::Measurement& row) { store->append(row); }, show_progress});
    if (store) {
      store->finish();
      if (cpu::stderr_is_terminal()) fmt::print(stderr, "\n");
      fmt::print("headline: {} cases on {} rank{} measured in {:.0f} s, written to {}\n", plan.size(),
                 backend.ranks(), backend.ranks() == 1 ? "" : "s", clock() - start, table_);
    }
    return ExitCode::done;
  }

  ExitCode fit() {
    const auto table = calibrate::read_measurements(calibrate::read_text_file(table_), table_);
    cost::Profile profile = calibrate::fit_profile(table, table_);
    profile.note = note_;
    calibrate::write_text_file(profile_, cost::write_profile(profile));
    fmt::print("{}\n", calibrate::report_profile(profile).headline);
    return ExitCode::done;
  }

  ExitCode report() {
    const cost::Profile profile = cost::parse_profile(calibrate::read_text_file(profile_), profile_);
    const auto report =
        against_.empty()
            ? calibrate::report_profile(profile)
            : calibrate::report_profile(
                  profile, calibrate::read_measurements(calibrate::read_text_file(against_), against_));
    const std::map<std::string, std::string (*)(const calibrate::CalibrationReport&)> formats{
        {"table", calibrate::report_table},
        {"json", calibrate::report_json},
        {"csv", calibrate::report_csv},
        {"md", calibrate::report_markdown}};
    fmt::print("{}", formats.at(format_)(report));
    return ExitCode::done;
  }

  CLI::App* measure_ = nullptr;
  CLI::App* fit_ = nullptr;
  std::string backend_ = "cpu", table_ = "measurements.csv", profile_ = "profile.json";
  std::string note_, against_, format_ = "table";
  int ranks_ = 2;
  bool quick_ = false, full_ = false;
  std::uint64_t seed_ = 1;
};

const bool registered = verbs().add<Calibrate>(
    "calibrate", "measure this machine, fit cost models, report their errors (measure | fit | report)");

}  // namespace
}  // namespace orrery::cli
