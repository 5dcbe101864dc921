// The version of the program, as it stands in every artefact; CMakeLists.txt holds the number.
#pragma once

#include <string>

namespace orrery::scenario {

std::string version();

}  // namespace orrery::scenario
