// `orrery validate collectives`: opens the tables of a data folder and the committed fabric profiles, and prints how
// well collectives are predicted (calibrate/fit/collective_suite.hpp).
#pragma once

#include <string>

#include "cli/verb.hpp"

namespace orrery::cli {

/// Goal missed where a goal whose tables are there is missed. Throws ScenarioError when `data` is no folder.
ExitCode validate_collectives(const std::string& data, const std::string& profiles);

}  // namespace orrery::cli
