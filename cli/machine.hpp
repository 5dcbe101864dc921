// Whether a profile speaks of the machine in front of the user: predictions from another machine's profile
// are welcome, but have to be announced as such.
#pragma once

#include "costmodel/profile.hpp"

namespace orrery::cli {

/// False, with one line on stderr that names a difference, when the profile was measured on another machine
/// or software stack. stdout then stays the same on every machine.
bool is_measured_here(const cost::Profile& profile);

}  // namespace orrery::cli
