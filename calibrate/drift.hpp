// Taking the machine's drift out of a sweep. Its speed changes within seconds (neighbours on the host, clock,
// placement of the cores), and the anchors, visited again and again, show when. How strongly a class follows
// an anchor is found from the rounds of each case among each other: only what moves together with the anchor
// is taken out.
#pragma once

#include <vector>

#include "calibrate/measurements.hpp"

namespace orrery::calibrate {

/// Per row, what to subtract from log(median) to bring it to the middle state of the machine: coupling of its
/// class times log(anchor now / anchor's median). Operators follow the anchor for computing, collectives that
/// for communication. Zero for all rows without anchors, without rounds, or without a start time.
std::vector<double> drift_corrections(const std::vector<Measurement>& rows);

}  // namespace orrery::calibrate
