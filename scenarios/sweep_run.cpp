#include "scenarios/sweep_run.hpp"

#include <filesystem>
#include <mutex>

#include "scenarios/artifact.hpp"
#include "scenarios/parallel.hpp"
#include "scenarios/version.hpp"
#include "sim/base/error.hpp"

namespace orrery::scenario {
namespace {

/// Hash of all that decides a point's answer: the resolved scenario, the profile's content, the program.
std::string inputs_hash(const Question& question, const std::string& program) {
  Json scenario = Json::parse(question_text(question));
  scenario.erase("profile");  // its place does not matter, its content does
  if (scenario.contains("outputs")) scenario["outputs"].erase("trace");  // changes no result
  const std::string profile = question.profile ? cost::write_profile(*question.profile) : "";
  return text_hash(program + scenario.dump() + profile);
}

Json rows_json(const std::vector<std::vector<Figure>>& rows) {
  Json list = Json::array();
  for (const std::vector<Figure>& row : rows) {
    Json object = Json::object();
    for (const Figure& figure : row) object[figure.column] = figure.value;
    list.push_back(std::move(object));
  }
  return list;
}

Json values_json(const SweepPoint& point) {
  Json object = Json::object();
  for (const auto& [key, value] : point.values) object[key] = value;
  return object;
}

/// The kept answer of a point, or nothing when there is none, it belongs to other inputs, or is damaged.
std::optional<PointResult> kept(const std::string& path, const std::string& inputs) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return std::nullopt;
  const Json file = Json::parse(read_file(path), nullptr, false);
  if (!file.is_object() || file.value("inputs_hash", Json()) != Json(inputs)) return std::nullopt;
  const auto rows = file.find("rows");
  const auto met = file.find("goal_met");
  if (rows == file.end() || !rows->is_array() || met == file.end() || !met->is_boolean()) return std::nullopt;
  PointResult result;
  result.goal_met = met->get<bool>();
  result.reused = true;
  for (const Json& row : *rows) {
    if (!row.is_object()) return std::nullopt;
    std::vector<Figure>& figures = result.rows.emplace_back();
    for (const auto& [column, value] : row.items()) figures.push_back({column, value});
  }
  return result;
}

PointResult answer_point(const Sweep& sweep, const SweepPoint& point, const SweepOptions& options) {
  PointResult result;
  try {
    const Question question = read_question(sweep.base, point.overrides());
    const std::string inputs = inputs_hash(question, options.program), name = point.name() + ".json";
    const std::string folder = options.directory + "/points";
    if (!options.directory.empty()) {
      if (auto found = kept(folder + "/" + name, inputs)) return *std::move(found);
    }
    const Answer answered = answer(question);
    result.rows = rows(answered);
    result.goal_met = goal_met(answered);
    if (options.directory.empty()) return result;
    Json file = Json::object();
    file["inputs_hash"] = inputs;
    file["values"] = values_json(point);
    file["goal_met"] = result.goal_met;
    file["rows"] = rows_json(result.rows);
    file["result"] = Json::parse(result_json(answered));
    write_artifacts(folder, {{name, file.dump(2) + "\n"}});
  } catch (const ScenarioError& error) {
    result = PointResult{};
    result.error = error.what();
    result.goal_met = false;
  }
  return result;
}

}  // namespace

std::vector<PointResult> run_sweep(const Sweep& sweep, const SweepOptions& given, SweepProgress* progress) {
  SweepOptions options = given;
  if (options.program.empty() && !options.directory.empty()) options.program = program_hash();
  std::vector<PointResult> results(sweep.points.size());
  std::mutex mutex;
  std::size_t done = 0;
  for_each_index(sweep.points.size(), options.threads, [&](std::size_t i) {
    results[i] = answer_point(sweep, sweep.points[i], options);
    const std::lock_guard lock(mutex);
    ++done;
    if (progress != nullptr) progress->point_done(done, results.size(), sweep.points[i], results[i]);
  });
  for (const PointResult& result : results) {
    if (result.error.empty()) return results;
  }
  const std::string more = results.size() > 1 ? " (and no other point could be answered)" : "";
  throw ScenarioError("", results.front().error + more);
}

}  // namespace orrery::scenario
