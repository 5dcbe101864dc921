// From a scenario to what the reference trainer is asked to do: the one place where both descriptions meet.
#pragma once

#include <string>

#include "scenarios/scenario.hpp"
#include "validate/reference/train_config.hpp"

namespace orrery::cli {

/// Relative paths of data are looked up beside `scenario_file`, then in the working directory.
reference::TrainConfig train_config(const scenario::Scenario& scenario, const std::string& scenario_file);

}  // namespace orrery::cli
