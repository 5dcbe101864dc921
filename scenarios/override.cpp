#include "scenarios/override.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "sim/base/error.hpp"

namespace orrery::scenario {
namespace {

std::vector<std::string> split(const std::string& path) {
  std::vector<std::string> steps(1);
  for (const char letter : path) {
    if (letter == '.') {
      steps.emplace_back();
    } else {
      steps.back() += letter;
    }
  }
  return steps;
}

/// JSON where it reads as JSON, else a string. Throws ScenarioError on bytes that are no UTF-8 text.
Json typed(const std::string& text) {
  Json value = Json::parse(text, nullptr, false);
  if (value.is_discarded()) value = text;
  try {
    static_cast<void>(value.dump());
  } catch (const Json::type_error&) {
    throw ScenarioError("--set", "the value is not valid UTF-8 text");
  }
  return value;
}

bool is_index(const std::string& step, const Json& list) {
  const bool digits = !step.empty() && step.size() < 10 && std::all_of(step.begin(), step.end(), ::isdigit);
  return digits && static_cast<std::size_t>(std::stoul(step)) < list.size();
}

}  // namespace

void apply_override(JsonDocument& document, const std::string& option) {
  const auto equals = option.find('=');
  const std::string path = option.substr(0, equals);
  if (equals == std::string::npos || path.empty()) {
    throw ScenarioError("--set " + option, "expected KEY=VALUE, such as --set plan.bucket=4MiB");
  }
  const std::vector<std::string> steps = split(path);
  if (std::count(steps.begin(), steps.end(), "") > 0) {
    throw ScenarioError("--set " + option, "the key has an empty part; expected a form such as plan.bucket");
  }
  Json* at = &document.root;
  for (const std::string& step : steps) {
    Json* const parent = at;
    if (parent->is_string()) *parent = Json{{"kind", *parent}};  // "ring" is short for {"kind": "ring"}
    if (parent->is_array()) {
      if (!is_index(step, *parent)) {
        throw ScenarioError(
            "--set " + option,
            fmt::format("\"{}\" is no index of a list of {} (counted from 0)", step, parent->size()));
      }
      at = &(*parent)[static_cast<std::size_t>(std::stoul(step))];
    } else if (parent->is_object() || parent->is_null()) {
      at = &(*parent)[step];
    } else {
      throw ScenarioError("--set " + option, fmt::format("\"{}\" lies below a plain value", step));
    }
    const bool changes_kind = &step == &steps.back() && step == "kind" && steps.size() > 1;
    if (changes_kind && *at != typed(option.substr(equals + 1))) {
      *parent = Json::object();
      at = &(*parent)[step];
    }
  }
  *at = typed(option.substr(equals + 1));
  document.overridden.push_back(path);
}

}  // namespace orrery::scenario
