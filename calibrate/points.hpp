// Measured points: the visits of all rounds to one case, pooled. The median of the visits' medians is what
// models are fitted to; how much the visits differ says how well it is known.
#pragma once

#include <string>
#include <vector>

#include "calibrate/measurements.hpp"

namespace orrery::calibrate {

struct Point {
  Case subject;
  cost::Conditions conditions;  ///< with the reuse time that follows from distance and median
  std::string class_name;
  double seconds = 0.0;  ///< median over visits of the median over calls
  /// Standard deviation of log(seconds): of the visits among each other, mixed with that of the whole class
  /// because three visits say little, and divided by the number of visits.
  double log_error = 0.0;
  int visits = 0;
};

/// Sweep rows only, in order of first appearance.
std::vector<Point> pool_points(const std::vector<Measurement>& rows);

}  // namespace orrery::calibrate
