// A scenario file of any kind and its answer. The key `kind` of the document selects what is simulated; everything that
// works on many scenarios alike (`orrery run`, `orrery sweep`, the conformance test) goes through here:
//
//   Question question = read_question(parse_json(text, file), {"cluster.ranks=8"});   // throws ScenarioError
//   Answer result = answer(question);                                               // pure: no files, no clock
//   result_json(result); rows(result); answer_text(result, Format::table);
//
// A Question is a value: independent ones may be answered on several threads at once. A new kind of scenario adds one
// alternative to AnyScenario and AnyReport and one case to each function here.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "costmodel/profile.hpp"
#include "scenarios/collective_report.hpp"
#include "scenarios/collective_scenario.hpp"
#include "scenarios/run_report.hpp"
#include "scenarios/scenario.hpp"
#include "scenarios/sgd_report.hpp"
#include "scenarios/sgd_scenario.hpp"

namespace orrery::scenario {

using AnyScenario = std::variant<Scenario, CollectiveScenario, SgdScenario>;
using AnyReport = std::variant<RunReport, CollectiveReport, SgdReport>;

/// Read and checked, with everything that the answer needs.
struct Question {
  AnyScenario scenario;
  JsonDocument document;
  std::string profile_place;             ///< file of the profile; empty when the scenario names none
  std::optional<cost::Profile> profile;
  std::string measured_place;  ///< file of measured compute times; empty where an sgd scenario names none
  std::string compute_time;    ///< what was made of them; `compute` of the scenario holds it
  std::shared_ptr<const learn::Dataset> data;  ///< what an sgd scenario learns from; null where the problem needs none
};

/// Applies `overrides` ("plan.bucket=4 MiB", in order) to the document, reads it as its `kind` says, checks it, and loads
/// the profile or the measured times that it names (relative to `document.name`) and the data that it learns from. The only
/// step that reads a file. Throws ScenarioError.
Question read_question(JsonDocument document, const std::vector<std::string>& overrides = {});
Question read_question_file(const std::string& path, const std::vector<std::string>& overrides = {});

struct Answer {
  AnyReport report;
  std::string trace;  ///< Chrome trace events as JSON; empty unless asked for
};

/// Simulates. `with_trace` changes nothing but `trace`. Same question, same bytes.
Answer answer(const Question& question, bool with_trace = false);

/// Every resolved value with its origin, for --dry-run.
std::vector<ResolvedValue> resolved_values(const Question& question);
/// scenario.json: runs again from the same working directory.
std::string question_text(const Question& question);
/// The option `outputs.trace` of the scenario.
bool wants_trace(const Question& question);
/// False when the scenario states a goal that the answer misses (does not fit into memory): exit code 1.
bool goal_met(const Answer& answer);

/// One figure of an answer: the key of result.json that it stands for, and its value.
struct Figure {
  std::string column;
  Json value;
};
/// The answer in short, for a table of many runs: one row for a training run, one per size and algorithm for collectives, one
/// per variant for sgd.
/// All rows of one kind of scenario have the same columns.
std::vector<std::vector<Figure>> rows(const Answer& answer);

enum class Format { table, json, csv, md };
std::vector<std::string> format_names();
/// Throws ScenarioError with the nearest name.
Format format_named(const std::string& name);

struct View {
  bool here = true;   ///< the profile was measured on this machine
  bool bold = false;  ///< titles in bold, on a terminal
  bool candidates = false;  ///< with what was compared for auto
};
std::string answer_text(const Answer& answer, Format format, View view = {});
/// result.json.
std::string result_json(const Answer& answer);

}  // namespace orrery::scenario
