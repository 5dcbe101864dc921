#include "calibrate/thin.hpp"

#include <set>
#include <utility>

#include "calibrate/noise_table.hpp"

namespace orrery::calibrate {

std::vector<std::string> fit_columns() {
  std::vector<std::string> names{
      "backend", "device",  "algorithm",  "fingerprint",          "role",    "class",   "shape",
      "dtype",   "skipped", "ranks_busy", "reuse_distance_bytes", "start_s", "samples", "median_s"};
  for (const ColumnHelp& column : measurement_columns()) {
    if (column.name.front() == 'q') names.push_back(column.name);
  }
  return names;
}

MeasurementFile thinned(const MeasurementFile& whole) {
  MeasurementFile thin = whole;
  thin.rows.clear();
  std::set<std::pair<std::string, std::string>> reasons;
  for (Measurement row : whole.rows) {
    if (!row.is_measured() && !reasons.emplace(class_name(row.subject), row.skipped).second) continue;
    if (row.times.samples < kTailCallsLeast) row.times.quantiles_s = {};
    thin.rows.push_back(std::move(row));
  }
  return thin;
}

std::string write_thinned(const MeasurementFile& whole) {
  return write_columns(thinned(whole), fit_columns());
}

}  // namespace orrery::calibrate
