// The data that a scenario of kind "sgd" names, as a value. Big ones are kept as long as somebody uses them, so that the
// points of a sweep share one copy.
#pragma once

#include <memory>

#include "scenarios/sgd_scenario.hpp"
#include "workloads/learn/dataset.hpp"

namespace orrery::scenario {

/// May be called from several threads. Throws ScenarioError when files are missing or damaged; its message begins with
/// `place`.
std::shared_ptr<const learn::Dataset> learning_data(const LearningData& source, const std::string& place);

}  // namespace orrery::scenario
