#include "scenarios/explain.hpp"

#include <algorithm>

#include "scenarios/collective_report.hpp"
#include "scenarios/collective_scenario.hpp"
#include "scenarios/run_report.hpp"
#include "scenarios/scenario.hpp"
#include "scenarios/sgd_report.hpp"
#include "scenarios/sgd_scenario.hpp"
#include "sim/base/error.hpp"
#include "sim/base/spelling.hpp"

namespace orrery::scenario {
namespace {

void collect(const Json& schema, const std::string& place, const std::string& path,
             std::vector<Explanation>& into) {
  if (schema.contains("items")) collect(schema["items"], place, path, into);
  for (const char* branches : {"oneOf", "anyOf"}) {
    if (!schema.contains(branches)) continue;
    for (const Json& branch : schema[branches]) collect(branch, place, path, into);
  }
  if (!schema.contains("properties")) return;
  for (const auto& [key, property] : schema["properties"].items()) {
    std::string inner = path;
    inner += (path.empty() ? "" : ".") + key;
    into.push_back({place, inner, property.value("description", "")});
    collect(property, place, inner, into);
  }
}

bool matches(const std::string& path, const std::string& key) {
  if (path == key) return true;
  return path.size() > key.size() && path.ends_with(key) && path[path.size() - key.size() - 1] == '.';
}

}  // namespace

std::vector<Explanation> explanations(const Json& schema, const std::string& place) {
  std::vector<Explanation> result;
  collect(schema, place, "", result);
  return result;
}

std::vector<Explanation> known_explanations() {
  std::vector<Explanation> known;
  for (const auto& [place, schema] : {std::pair{"result.json", json_schema<RunReport>()},
                                      {"scenario", json_schema<Scenario>()},
                                      {"result.json of a collective", json_schema<CollectiveReport>()},
                                      {"scenario of a collective", json_schema<CollectiveScenario>()},
                                      {"result.json of sgd", json_schema<SgdReport>()},
                                      {"scenario of sgd", json_schema<SgdScenario>()}}) {
    for (Explanation& entry : explanations(schema, place)) known.push_back(std::move(entry));
  }
  return known;
}

std::vector<Explanation> explain(const std::string& key, const std::vector<Explanation>& known) {
  std::vector<Explanation> found;
  std::vector<std::string> names;
  for (const Explanation& entry : known) {
    if (matches(entry.path, key)) found.push_back(entry);
    names.push_back(entry.path);
    names.push_back(entry.path.substr(entry.path.rfind('.') + 1));
  }
  if (!found.empty()) return found;
  const auto nearest = nearest_name(key, names);
  throw ScenarioError("explain", "unknown key \"" + key + "\"" +
                                     (nearest ? "; did you mean \"" + *nearest + "\"?" : "") +
                                     " (`orrery explain` lists all)");
}

}  // namespace orrery::scenario
