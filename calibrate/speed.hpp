// How fast the machine is at this moment, against its profile: measures the profile's anchors again, in
// seconds.
#pragma once

#include "calibrate/measure.hpp"
#include "costmodel/profile.hpp"

namespace orrery::calibrate {

/// Present time / calibrated time per aspect; 1 where the profile has no such anchor or this backend has too
/// few ranks for it. All ranks of the backend call it together and get the same answer. The anchors take
/// turns `rounds` times, each visit about `visit_s` seconds.
cost::SpeedRatios measure_speed(const cost::Profile& profile, Backend& backend, const Clock& clock,
                                int rounds = 5, double visit_s = 0.03);

}  // namespace orrery::calibrate
