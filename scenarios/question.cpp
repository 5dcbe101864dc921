#include "scenarios/question.hpp"

#include <algorithm>

#include "scenarios/artifact.hpp"
#include "scenarios/override.hpp"
#include "scenarios/report_text.hpp"
#include "scenarios/run.hpp"
#include "sim/base/error.hpp"
#include "sim/base/spelling.hpp"

namespace orrery::scenario {
namespace {

/// The document's `kind`, which must be one that can be simulated.
std::string kind_of(const JsonDocument& document, const std::vector<std::string>& known) {
  if (!document.root.is_object()) throw ScenarioError(json_place(document, "$"), "expected an object");
  const auto found = document.root.find("kind");
  if (found == document.root.end()) {
    throw ScenarioError(json_place(document, "$"), "required key \"kind\" is missing" + spelling_hint("", known));
  }
  const std::string written = found->is_string() ? found->get<std::string>() : "";
  for (const std::string& kind : known) {
    if (written == kind) return kind;
  }
  throw ScenarioError(json_place(document, "$.kind"), "unknown kind " + found->dump() + spelling_hint(written, known));
}

void load_profile(Question& question, const std::string& path) {
  question.profile_place = resolve_path(path, question.document.name);
  question.profile = cost::parse_profile(read_file(question.profile_place), question.profile_place);
}

std::vector<Figure> row(const RunReport& report) {
  const Prediction p = report.prediction.value_or(Prediction{});
  return {{"step_time_s", p.step_time_s},
          {"step_time_low_s", p.step_time_low_s},
          {"step_time_high_s", p.step_time_high_s},
          {"samples_per_s", p.samples_per_s},
          {"flops_per_s", p.flops_per_s},
          {"exposed_communication_s", p.breakdown.exposed_communication_s},
          {"overlap", p.overlap},
          {"total_bytes", report.memory.total_bytes},
          {"fits", report.memory.fits}};
}

}  // namespace

Question read_question(JsonDocument document, const std::vector<std::string>& overrides) {
  Question question;
  for (const std::string& option : overrides) apply_override(document, option);
  static_cast<void>(kind_of(document, {"training"}));
  ScenarioFile file = read_scenario(std::move(document));
  question.scenario = std::move(file.scenario);
  question.document = std::move(file.document);
  load_profile(question, std::get<Scenario>(question.scenario).profile);
  return question;
}

Question read_question_file(const std::string& path, const std::vector<std::string>& overrides) {
  return read_question(parse_json(read_file(path), path), overrides);
}

Answer answer(const Question& question, bool with_trace) {
  Outcome outcome = run(std::get<Scenario>(question.scenario), *question.profile, with_trace);
  return {std::move(outcome.report), std::move(outcome.trace)};
}

std::vector<ResolvedValue> resolved_values(const Question& question) {
  auto values = std::visit(
      [&question](const auto& scenario) { return resolved_values(question.document, flatten_fields(scenario)); },
      question.scenario);
  if (!question.profile) return values;
  values.push_back({"profile.device", "\"" + question.profile->device + "\"", "profile"});
  values.push_back({"profile.date", "\"" + question.profile->date + "\"", "profile"});
  values.push_back({"profile.fingerprint", "\"" + question.profile->fingerprint_id + "\"", "profile"});
  return values;
}

std::string question_text(const Question& question) {
  return std::visit(
      [&question](auto scenario) {
        scenario.profile = question.profile_place;
        return write_json(scenario).dump(2) + "\n";
      },
      question.scenario);
}

bool wants_trace(const Question& question) {
  return std::visit([](const auto& scenario) { return scenario.outputs.trace; }, question.scenario);
}

bool goal_met(const Answer& answer) {
  return std::get<RunReport>(answer.report).memory.fits;
}

std::vector<std::vector<Figure>> rows(const Answer& answer) {
  return {row(std::get<RunReport>(answer.report))};
}

std::vector<std::string> format_names() {
  return {"table", "json", "csv", "md"};
}

Format format_named(const std::string& name) {
  const std::vector<std::string> known = format_names();
  const auto found = std::find(known.begin(), known.end(), name);
  if (found == known.end()) throw ScenarioError("--format", "unknown format \"" + name + "\"" + spelling_hint(name, known));
  return static_cast<Format>(found - known.begin());
}

std::string answer_text(const Answer& answer, Format format, View view) {
  const auto& report = std::get<RunReport>(answer.report);
  switch (format) {
    case Format::json: return result_json(answer);
    case Format::csv: return report_csv(report);
    case Format::md: return report_markdown(report, view.here);
    case Format::table: break;
  }
  return report_table(report, view.here, view.bold);
}

std::string result_json(const Answer& answer) {
  return std::visit([](const auto& report) { return write_json(report).dump(2) + "\n"; }, answer.report);
}

}  // namespace orrery::scenario
