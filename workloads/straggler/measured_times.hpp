// Measured times of mini-batches as a table: CSV text with a header line, one mini-batch per line. What becomes of them
// is in fit.hpp. Files are read, and uncompressed, by the caller.
#pragma once

#include <string>
#include <vector>

#include "sim/base/units.hpp"

namespace orrery::straggler {

/// Times of the mini-batches of one job, by worker.
struct MeasuredJob {
  std::string name;  ///< as in the table; "" where it has no column "job"
  std::vector<std::vector<Seconds>> workers;
};

/// Column `column` by columns "job" and "worker" (a table without one of them has one job, one worker), jobs and
/// workers in order of appearance; other columns are ignored. Numbers count as seconds: a column of normalised times
/// gives times in its own unit. Throws ScenarioError with `name` and the line where a column is missing, or a time is
/// not a number > 0.
std::vector<MeasuredJob> parse_measured_times(const std::string& csv, const std::string& name,
                                              const std::string& column);

}  // namespace orrery::straggler
