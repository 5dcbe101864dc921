#include "scenarios/scenario.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "scenarios/override.hpp"
#include "sim/base/error.hpp"

namespace orrery::scenario {
namespace {

/// "48 or 56": the multiples of `step` around `value`.
std::string nearest_multiples(std::int64_t value, std::int64_t step) {
  const std::int64_t below = value / step * step;
  return below > 0 ? fmt::format("{} or {}", below, below + step) : fmt::format("{}", below + step);
}

std::string divisors_text(std::int64_t value) {
  std::vector<std::int64_t> divisors;
  for (std::int64_t d = 1; d <= value && divisors.size() < 12; ++d) {
    if (value % d == 0) divisors.push_back(d);
  }
  return fmt::format("{}", fmt::join(divisors, ", "));
}

/// Elements of the largest tensor, in floating point so that absurd sizes do not overflow.
double largest_tensor(const model::MlpConfig& c, double batch) {
  double largest = 0.0, before = static_cast<double>(c.inputs);
  std::vector<std::int64_t> widths = c.hidden;
  widths.push_back(c.classes);
  for (const std::int64_t width : widths) {
    const auto now = static_cast<double>(width);
    largest = std::max({largest, batch * before, batch * now, before * now});
    before = now;
  }
  return largest;
}
double largest_tensor(const model::GptConfig& c, double batch) {
  const auto width = static_cast<double>(c.width), context = static_cast<double>(c.context);
  const auto vocab = static_cast<double>(c.vocab), heads = static_cast<double>(c.heads);
  return std::max({batch * context * std::max(4.0 * width, vocab), batch * heads * context * context,
                   4.0 * width * width, (vocab + context) * width});
}

bool covers(const std::string& option, const std::string& path) {
  return path.rfind(option, 0) == 0 && (path.size() == option.size() || path[option.size()] == '.');
}

/// True when the value at the dotted path stands in the document; a kind's name alone is short for {"kind": name}.
bool contains(const Json& root, const std::string& path) {
  std::string pointer = "/" + path;
  std::replace(pointer.begin(), pointer.end(), '.', '/');
  const Json::json_pointer at(pointer);
  if (root.contains(at)) return true;
  return at.back() == "kind" && root.contains(at.parent_pointer()) && root.at(at.parent_pointer()).is_string();
}

}  // namespace

ScenarioFile read_scenario(std::string text, std::string name, const std::vector<std::string>& overrides) {
  JsonDocument document = parse_json(std::move(text), std::move(name));
  for (const std::string& option : overrides) apply_override(document, option);
  return read_scenario(std::move(document));
}

ScenarioFile read_scenario(JsonDocument document) {
  ScenarioFile file;
  file.document = std::move(document);
  read_json(file.document, file.scenario);
  check(file);
  return file;
}

void check(const ScenarioFile& file) {
  const Scenario& s = file.scenario;
  const auto fail = [&file](const std::string& path, const std::string& problem) {
    throw ScenarioError(json_place(file.document, path), problem);
  };
  if (s.plan.data_parallel != s.cluster.ranks) {
    fail("$.plan.data_parallel",
         fmt::format("plan.data_parallel={} does not use cluster.ranks={}; set both to {} or {}",
                     s.plan.data_parallel, s.cluster.ranks, s.plan.data_parallel, s.cluster.ranks));
  }
  if (s.batch % s.plan.data_parallel != 0) {
    fail("$.batch",
         fmt::format("plan.data_parallel={} does not divide batch={}; use a batch such as {}",
                     s.plan.data_parallel, s.batch, nearest_multiples(s.batch, s.plan.data_parallel)));
  }
  const auto* gpt = std::get_if<model::GptConfig>(&s.model);
  if (gpt != nullptr && gpt->width % gpt->heads != 0) {
    fail("$.model.heads", fmt::format("model.heads={} does not divide model.width={}; use one of {}",
                                      gpt->heads, gpt->width, divisors_text(gpt->width)));
  }
  const double elements = std::visit(
      [&s](const auto& config) { return largest_tensor(config, static_cast<double>(s.batch)); }, s.model);
  if (elements > 1e15) {
    fail("$.model",
         fmt::format("with batch={} a tensor has {:.1e} elements; expected at most 1e15", s.batch, elements));
  }
  if (s.name.empty()) fail("$.name", "must not be empty");
}

std::vector<ResolvedValue> resolved_values(const ScenarioFile& file) {
  return resolved_values(file.document, flatten_fields(file.scenario));
}

std::vector<ResolvedValue> resolved_values(const JsonDocument& document,
                                           const std::vector<std::pair<std::string, std::string>>& leaves) {
  std::vector<ResolvedValue> result;
  const std::vector<std::string>& options = document.overridden;
  for (const auto& [path, value] : leaves) {
    const bool set = std::any_of(options.begin(), options.end(),
                                 [&path = path](const std::string& option) { return covers(option, path); });
    const std::string origin = set ? "--set" : contains(document.root, path) ? "file" : "default";
    result.push_back({path, value, origin});
  }
  return result;
}

std::string scenario_text(const Scenario& scenario) {
  return write_json(scenario).dump(2) + "\n";
}

std::string scenario_hash(const Scenario& scenario) {
  Json json = write_json(scenario);
  json.erase("outputs");
  json.erase("profile");
  return text_hash(json.dump());
}

}  // namespace orrery::scenario
