// The fabric profile that --profile names: a file, or the name of one of the committed profiles or known systems.
#pragma once

#include <string>

#include "costmodel/fabric_profile.hpp"

namespace orrery::cli {

/// `named` with a slash or ".json" is a file; otherwise a profile of `folder`, or a known system that has none there: its
/// datasheet without a stack. Throws ScenarioError with the nearest name.
cost::FabricProfile open_fabric_profile(const std::string& named, const std::string& folder);

}  // namespace orrery::cli
