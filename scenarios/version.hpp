// The version of the program, as it stands in every artefact; CMakeLists.txt holds the number.
#pragma once

#include <string>

namespace orrery::scenario {

std::string version();

/// 16 hexadecimal digits over the bytes of the running program: two builds with the same one give the same answers. The
/// version does not tell builds from changed sources apart. Throws BackendError where the system does not show the file.
std::string program_hash();

}  // namespace orrery::scenario
