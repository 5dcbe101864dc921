// `orrery calibrate measure | fit | report | thin`: this machine -> measurements.csv -> profile.json -> table
// of errors; a table cut down to what the fit needs.
#include <fmt/format.h>

#include <filesystem>

#include "calibrate/composition_record.hpp"
#include "calibrate/fit/fit.hpp"
#include "calibrate/fit/fit_fabric_profile.hpp"
#include "calibrate/files/packed_file.hpp"
#include "calibrate/measurement_store.hpp"
#include "calibrate/report.hpp"
#include "calibrate/thin.hpp"
#include "cli/calibrate_measure.hpp"
#include "cli/verb.hpp"
#include "sim/base/error.hpp"

namespace orrery::cli {
namespace {

class Calibrate : public Verb {
 public:
  std::string example() const override { return "orrery calibrate report costmodel/profiles/cpu_2core.json"; }

  void declare(CLI::App& app) override {
    app.require_subcommand(1);
    measure_ = app.add_subcommand("measure", "time kernels and collectives; writes a table of measurements");
    measuring_.declare(*measure_);
    fit_ = app.add_subcommand("fit", "fit cost models to a table of measurements; writes a profile");
    fit_->add_option("measurements", table_, "table written by measure");
    fit_->add_option("--collectives", collectives_,
                     "tables of measured collectives (docs/collective-costs.md), plain or .gz: fit a fabric profile");
    fit_->add_option("--system", fabric_.system, "with --collectives: GPU and its form, such as h100_sxm");
    fit_->add_option("--network", fabric_.network, "with --collectives: the rows between nodes on this network");
    fit_->add_option("--stack", fabric_.stack, "with --collectives: only stacks whose name contains this");
    fit_->add_option("--out", profile_, "profile to write")->capture_default_str();
    fit_->add_option("--note", note_, "remark for people, stored in the profile");
    declare_report(*app.add_subcommand("report", "print the errors of a profile by operator and regime"));
    thin_ = app.add_subcommand("thin", "cut a table of measurements down to what fit reads");
    thin_->add_option("measurements", table_, "table written by measure")->required();
    thin_->add_option("--out", thin_table_, "table to write")->required();
  }

  ExitCode run() override {
    if (measure_->parsed()) return measuring_.run();
    if (thin_->parsed()) return thin();
    return fit_->parsed() ? fit() : report();
  }

 private:
  void declare_report(CLI::App& app) {
    app.add_option("profile", profile_, "profile written by fit")->required();
    app.add_option("--measurements", against_,
                   "score against this table instead of the profile's own points, and say what it skips");
    app.add_option("--compositions", compositions_,
                   "compositions.jsonl of a session: print them beside their predictions");
    app.add_option("--format", format_, "of the answer")
        ->check(CLI::IsMember({"table", "json", "csv", "md"}))
        ->capture_default_str();
  }

  ExitCode fit_fabric() {
    if (fabric_.system.empty()) throw ScenarioError("--system", "which system are the collectives of? Such as h100_sxm");
    std::vector<calibrate::NamedTable> tables;
    for (const std::string& path : collectives_) {
      tables.push_back({std::filesystem::path(path).filename().string(),
                        calibrate::read_collectives(calibrate::read_packed_file(path), path)});
    }
    cost::FabricProfile profile = calibrate::fit_fabric_profile(tables, fabric_);
    profile.note = note_;
    calibrate::write_text_file(profile_, cost::write_fabric_profile(profile));
    fmt::print("{}\n", calibrate::fabric_headline(profile));
    return ExitCode::done;
  }

  ExitCode fit() {
    if (!collectives_.empty()) return fit_fabric();
    if (table_.empty()) throw ScenarioError("calibrate fit", "give a table written by measure, or --collectives FILE...");
    const auto table = calibrate::read_measurements(calibrate::read_text_file(table_), table_);
    cost::Profile profile = calibrate::fit_profile(table, table_);
    profile.note = note_;
    calibrate::write_text_file(profile_, cost::write_profile(profile));
    fmt::print("{}\n", calibrate::report_profile(profile).headline);
    return ExitCode::done;
  }

  ExitCode thin() {
    const std::string text = calibrate::read_text_file(table_);
    const auto whole = calibrate::read_measurements(text, table_);
    const std::string kept = calibrate::write_thinned(whole);
    calibrate::write_text_file(thin_table_, kept);
    fmt::print("headline: {} of {} rows kept, {} of {} bytes, written to {}\n",
               calibrate::thinned(whole).rows.size(), whole.rows.size(), kept.size(), text.size(),
               thin_table_);
    return ExitCode::done;
  }

  ExitCode report() {
    if (!compositions_.empty() && (format_ == "json" || format_ == "csv")) {
      throw ScenarioError("--compositions", "are printed as a table; use --format table or md");
    }
    const cost::Profile profile = cost::parse_profile(calibrate::read_text_file(profile_), profile_);
    // Read before anything is printed: a wrong file gives no half report.
    const std::string compositions = composition_text(profile);
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
    fmt::print("{}{}", formats.at(format_)(report), compositions);
    return ExitCode::done;
  }

  /// What follows the report; nothing without --compositions.
  std::string composition_text(const cost::Profile& profile) const {
    if (compositions_.empty()) return "";
    const auto records = calibrate::parse_records(calibrate::read_text_file(compositions_), compositions_);
    const std::string table = calibrate::composition_table(records, *cost::make_cost_model(profile));
    return format_ == "md" ? "\n```\n" + table + "```\n" : "\n" + table;
  }

  CLI::App *measure_ = nullptr, *fit_ = nullptr, *thin_ = nullptr;
  MeasureCommand measuring_;
  std::vector<std::string> collectives_;
  calibrate::FabricChoice fabric_;
  std::string table_, profile_ = "profile.json", thin_table_;
  std::string note_, against_, compositions_, format_ = "table";
};

const bool registered = verbs().add<Calibrate>(
    "calibrate",
    "measure this machine, fit cost models, report their errors (measure | fit | report | thin)");

}  // namespace
}  // namespace orrery::cli
