#include "scenarios/question.hpp"

#include <algorithm>

#include "scenarios/artifact.hpp"
#include "scenarios/collective_run.hpp"
#include "scenarios/collective_text.hpp"
#include "scenarios/override.hpp"
#include "scenarios/report_text.hpp"
#include "scenarios/run.hpp"
#include "scenarios/sgd_data.hpp"
#include "scenarios/sgd_run.hpp"
#include "scenarios/sgd_text.hpp"
#include "scenarios/sweep.hpp"
#include "sim/base/error.hpp"
#include "sim/base/spelling.hpp"
#include "sim/base/unit_text.hpp"

namespace orrery::scenario {
namespace {

/// The document's `kind`, which must be one that can be simulated.
std::string kind_of(const JsonDocument& document, const std::vector<std::string>& known) {
  if (!document.root.is_object()) throw ScenarioError(json_place(document, "$"), "expected an object");
  const auto found = document.root.find("kind");
  if (found == document.root.end()) {
    throw ScenarioError(json_place(document, "$"),
                        "required key \"kind\" is missing" + spelling_hint("", known));
  }
  const std::string written = found->is_string() ? found->get<std::string>() : "";
  for (const std::string& kind : known) {
    if (written == kind) return kind;
  }
  throw ScenarioError(json_place(document, "$.kind"),
                      "unknown kind " + found->dump() + spelling_hint(written, known));
}

void load_profile(Question& question, const std::string& path, const std::string& scenario_file) {
  question.profile_place = resolve_path(path, scenario_file);
  question.profile = cost::parse_profile(read_file(question.profile_place), question.profile_place);
}

/// The figures that a prediction has are null where there is none: the model does not fit.
std::vector<std::vector<Figure>> rows_of(const RunReport& report) {
  const auto predicted = [&report](auto figure) { return report.prediction ? Json(figure(*report.prediction)) : Json(); };
  return {{{"step_time_s", predicted([](const Prediction& p) { return p.step_time_s; })},
           {"step_time_low_s", predicted([](const Prediction& p) { return p.step_time_low_s; })},
           {"step_time_high_s", predicted([](const Prediction& p) { return p.step_time_high_s; })},
           {"samples_per_s", predicted([](const Prediction& p) { return p.samples_per_s; })},
           {"flops_per_s", predicted([](const Prediction& p) { return p.flops_per_s; })},
           {"exposed_communication_s",
            predicted([](const Prediction& p) { return p.breakdown.exposed_communication_s; })},
           {"overlap", predicted([](const Prediction& p) { return p.overlap; })},
           {"total_bytes", report.memory.total_bytes},
           {"fits", report.memory.fits}}};
}

std::vector<std::vector<Figure>> rows_of(const CollectiveReport& report) {
  std::vector<std::vector<Figure>> rows;
  for (const CollectiveCaseReport& c : report.cases) {
    rows.push_back({{"size_bytes", c.size_bytes},
                    {"algorithm", c.algorithm},
                    {"time_s", c.time_s},
                    {"algbw_bytes_per_s", c.algbw_bytes_per_s},
                    {"busbw_bytes_per_s", c.busbw_bytes_per_s},
                    {"bound_s", c.bound_s},
                    {"bottleneck", c.bottleneck},
                    {"bottleneck_utilisation", c.bottleneck_utilisation}});
  }
  return rows;
}

std::vector<std::vector<Figure>> rows_of(const SgdReport& report) {
  const auto figure = [](const std::optional<double>& value) { return value ? Json(*value) : Json(); };
  std::vector<std::vector<Figure>> rows;
  for (const SgdVariantReport& v : report.variants) {
    std::vector<Figure> row = {{"label", v.label},
                               {"iteration_s", figure(v.iteration_s)},
                               {"staleness", v.staleness},
                               {"updates", v.updates},
                               {"end_loss", v.end_loss},
                               {"end_accuracy", figure(v.end_accuracy)},
                               {"epochs", v.epochs},
                               {"noise_scale", figure(report.noise_scale)},
                               {"scaling_efficiency", figure(v.scaling_efficiency)},
                               {"communicated_share", v.communicated_share}};
    for (const SgdTargetReport& target : v.targets) {
      row.push_back({"time_to_" + target.target + "_s", figure(target.median_s)});
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string text_of(const RunReport& report, Format format, const View& view) {
  if (format == Format::csv) return report_csv(report);
  return format == Format::md ? report_markdown(report, view.here)
                              : report_table(report, view.here, view.bold);
}

std::string text_of(const CollectiveReport& report, Format format, const View& view) {
  if (format == Format::csv) return report_csv(report);
  return report_text(report, {format == Format::md, view.bold}, view.candidates);
}

std::string text_of(const SgdReport& report, Format format, const View& view) {
  if (format == Format::csv) return report_csv(report);
  return report_text(report, {format == Format::md, view.bold});
}

Answer answer_of(const Scenario& scenario, const Question& question, bool with_trace) {
  Outcome outcome = run(scenario, *question.profile, with_trace);
  return {std::move(outcome.report), std::move(outcome.trace)};
}

Answer answer_of(const CollectiveScenario& scenario, const Question&, bool with_trace) {
  CollectiveOutcome outcome = run(scenario, with_trace);
  return {std::move(outcome.report), std::move(outcome.trace)};
}

Answer answer_of(const SgdScenario& scenario, const Question& question, bool with_trace) {
  SgdOutcome outcome = run(scenario, question.data.get(), with_trace);
  if (scenario.measured) outcome.report.compute_time = question.compute_time;
  return {std::move(outcome.report), std::move(outcome.trace)};
}

Json stored(Scenario scenario, const Question& question) {
  scenario.profile = question.profile_place;
  return write_json(scenario);
}

/// Measured times are named again, so that the repeated run says where its times come from.
Json stored(SgdScenario scenario, const Question& question) {
  if (scenario.measured) scenario.measured->file = question.measured_place;
  Json json = write_json(scenario);
  if (scenario.measured) json.erase("compute");
  return json;
}

template <class S>
Json stored(const S& scenario, const Question&) {
  return write_json(scenario);
}

/// A run holds a model for each learner and one mini-batch: refused where that is more than memory should be asked for.
void check_size(const Question& question, const SgdScenario& scenario, const JsonDocument& document) {
  constexpr Bytes kMost{4294967296.0};
  const auto parameters = static_cast<double>(scenario.problem->bind(question.data.get())->parameters());
  const double features = question.data ? static_cast<double>(question.data->train.features.rows()) : 1.0;
  const Bytes models(4.0 * parameters * (scenario.learners + 6)), samples(4.0 * features * static_cast<double>(scenario.batch));
  if (models > kMost) {
    throw ScenarioError(json_place(document, "$.problem"),
                        "has " + std::to_string(static_cast<std::int64_t>(parameters)) + " parameters, which is " +
                            human(models) + " for all learners; expected at most " + human(kMost));
  }
  if (samples > kMost) {
    throw ScenarioError(json_place(document, "$.batch"), "a mini-batch is " + human(samples) + "; expected at most " + human(kMost));
  }
}

/// Replaces the scenario's compute times by what was measured, where it says so.
void load_measured(Question& question, SgdScenario& scenario, const JsonDocument& document) {
  if (!scenario.measured) return;
  const MeasuredTimes& source = *scenario.measured;
  const std::string place = json_place(document, "$.measured");
  question.measured_place = resolve_path(source.file, document.name);
  std::string csv = read_file(question.measured_place);
  if (question.measured_place.ends_with(".gz")) csv = gunzip(csv);
  MeasuredCompute measured = measured_compute(source, csv, scenario.learners, place);
  scenario.compute = std::move(measured.compute);
  question.compute_time = std::move(measured.description);
}

/// Reads what the problem learns from.
void load_data(Question& question, const SgdScenario& scenario, const JsonDocument& document) {
  if (!scenario.problem->needs_data()) return;
  question.data = learning_data(scenario.data, json_place(document, "$.data"));
  if (const auto problem = scenario.problem->refusal(*question.data)) {
    throw ScenarioError(json_place(document, "$.problem"), scenario.problem.name() + " " + *problem);
  }
}

}  // namespace

Question read_question(JsonDocument document, const std::vector<std::string>& overrides) {
  Question question;
  for (const std::string& option : overrides) apply_override(document, option);
  if (is_sweep(document)) {
    throw ScenarioError(json_place(document, "$.sweep"), "the file describes many runs; use orrery sweep");
  }
  const std::string kind = kind_of(document, {"training", "collective", "sgd"});
  if (kind == "sgd") {
    SgdScenario scenario = read_sgd_scenario(document);
    load_measured(question, scenario, document);
    load_data(question, scenario, document);
    check_size(question, scenario, document);
    question.scenario = std::move(scenario);
    question.document = std::move(document);
    return question;
  }
  if (kind == "collective") {
    question.scenario = read_collective_scenario(document);
    question.document = std::move(document);
    return question;
  }
  ScenarioFile file = read_scenario(std::move(document));
  load_profile(question, file.scenario.profile, file.document.name);
  question.scenario = std::move(file.scenario);
  question.document = std::move(file.document);
  return question;
}

Question read_question_file(const std::string& path, const std::vector<std::string>& overrides) {
  return read_question(parse_json(read_file(path), path), overrides);
}

Answer answer(const Question& question, bool with_trace) {
  return std::visit([&](const auto& scenario) { return answer_of(scenario, question, with_trace); },
                    question.scenario);
}

std::vector<ResolvedValue> resolved_values(const Question& question) {
  auto values = std::visit(
      [&question](const auto& scenario) {
        return resolved_values(question.document, flatten_fields(scenario));
      },
      question.scenario);
  for (ResolvedValue& value : values) {
    if (!question.measured_place.empty() && value.path.starts_with("compute.")) value.origin = "measured";
  }
  if (!question.profile) return values;
  values.push_back({"profile.device", "\"" + question.profile->device + "\"", "profile"});
  values.push_back({"profile.date", "\"" + question.profile->date + "\"", "profile"});
  values.push_back({"profile.fingerprint", "\"" + question.profile->fingerprint_id + "\"", "profile"});
  return values;
}

std::string question_text(const Question& question) {
  return std::visit([&](const auto& scenario) { return stored(scenario, question).dump(2) + "\n"; },
                    question.scenario);
}

bool wants_trace(const Question& question) {
  return std::visit([](const auto& scenario) { return scenario.outputs.trace; }, question.scenario);
}

bool goal_met(const Answer& answer) {
  const auto* training = std::get_if<RunReport>(&answer.report);
  return training == nullptr || training->memory.fits;
}

std::vector<std::vector<Figure>> rows(const Answer& answer) {
  return std::visit([](const auto& report) { return rows_of(report); }, answer.report);
}

std::vector<std::string> format_names() {
  return {"table", "json", "csv", "md"};
}

Format format_named(const std::string& name) {
  const std::vector<std::string> known = format_names();
  const auto found = std::find(known.begin(), known.end(), name);
  if (found == known.end())
    throw ScenarioError("--format", "unknown format \"" + name + "\"" + spelling_hint(name, known));
  return static_cast<Format>(found - known.begin());
}

std::string answer_text(const Answer& answer, Format format, View view) {
  if (format == Format::json) return result_json(answer);
  return std::visit([&](const auto& report) { return text_of(report, format, view); }, answer.report);
}

std::string result_json(const Answer& answer) {
  return std::visit([](const auto& report) { return write_json(report).dump(2) + "\n"; }, answer.report);
}

}  // namespace orrery::scenario
