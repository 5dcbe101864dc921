#include "cli/train_request.hpp"

#include <optional>
#include <variant>

#include "scenarios/artifact.hpp"
#include "sim/base/error.hpp"

namespace orrery::cli {
namespace {

std::optional<std::string> path_of(const scenario::FashionMnistData& data) {
  return data.dir;
}
std::optional<std::string> path_of(const scenario::TextData& data) {
  return data.file;
}
std::optional<std::string> path_of(const scenario::SyntheticData&) {
  return std::nullopt;
}

/// A place that does not exist is left as it was written: the loader's message says what belongs there and
/// which package brings it.
std::string found(const std::string& path, const std::string& scenario_file) {
  try {
    return scenario::resolve_path(path, scenario_file);
  } catch (const ScenarioError&) {
    return path;
  }
}

}  // namespace

reference::TrainConfig train_config(const scenario::Scenario& scenario, const std::string& scenario_file) {
  reference::TrainConfig config;
  config.model = scenario.model;
  config.optimizer = scenario.optimizer;
  config.batch = scenario.batch;
  config.bucket = scenario.plan.bucket;
  config.steps = scenario.steps;
  config.seed = scenario.seed;
  std::visit(
      [&](const auto& data) {
        config.data.kind = std::string(data.kind);
        const std::optional<std::string> path = path_of(data);
        config.data.path = path ? found(*path, scenario_file) : "";
      },
      scenario.data);
  return config;
}

}  // namespace orrery::cli
