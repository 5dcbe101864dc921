// measurements.csv: the one table of measured times, whether from the CPU, from a GPU or imported. One row is
// one visit to one case (an operator or a collective under stated conditions); a case that was visited in
// several rounds has several rows. Lines starting with "#" carry `key=value` facts of the whole file: date,
// fingerprint, and columns that are the same in every row. The columns are documented in
// docs/measurements.md.
#pragma once

#include <array>
#include <string>
#include <variant>
#include <vector>

#include "calibrate/backend.hpp"
#include "costmodel/collective.hpp"
#include "costmodel/cost_model.hpp"
#include "costmodel/op.hpp"

namespace orrery::calibrate {

/// What is measured: an operator or a collective.
using Case = std::variant<cost::Op, cost::CollectiveCase>;
std::string class_name(const Case& subject);
std::string shape_text(const Case& subject);
/// Inverse of the two above; `dtype` may stand apart from a class that does not name it ("gemm_nn" and
/// "bf16"). Throws ScenarioError with the nearest name.
Case parse_case(const std::string& class_name, const std::string& shape, const std::string& dtype = "");
/// Bytes moved: traffic of an operator, S of a collective.
Bytes bytes_of(const Case& subject);

/// Probabilities of the stored quantiles of single calls.
constexpr std::array<double, 11> kQuantileGrid{0.01, 0.05, 0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9, 0.95, 0.99};

/// Times in seconds of the calls of one visit, on rank 0.
struct Distribution {
  int samples = 0;
  int outliers =
      0;  ///< beyond the third quartile by more than three interquartile ranges; kept in all figures
  double median_s = 0.0, mean_s = 0.0, min_s = 0.0, max_s = 0.0;
  std::array<double, kQuantileGrid.size()> quantiles_s{};
};

struct Measurement {
  Case subject;
  cost::Conditions conditions;
  bool is_anchor = false;
  int ranks = 1;         ///< processes that took part in the calibration
  int round = 0;         ///< pass through the sweep, from 0
  double start_s = 0.0;  ///< since the start of the sweep
  Distribution times;
  double worst_rank_median_s = 0.0;  ///< largest median of any rank that took part
  Telemetry telemetry;
  std::string skipped;  ///< why there is no time: does not fit, failed its check, refused by a library
  bool is_measured() const { return skipped.empty(); }
  std::string backend, device, algorithm, fingerprint_id;
};

struct MeasurementFile {
  std::string date;
  Fingerprint fingerprint;
  std::map<std::string, std::string> facts;  ///< other `# key=value` lines
  std::vector<Measurement> rows;
};

/// The rows with a time: what fits and reports work on.
std::vector<Measurement> measured_rows(const std::vector<Measurement>& rows);

/// Comment lines and the line of column names.
std::string header_text(const MeasurementFile& file);
/// One line.
std::string row_text(const Measurement& row);
std::string write_measurements(const MeasurementFile& file);
/// Only these columns; those that say the same in every row once, as `# column.NAME=value`, or not at all
/// where that is nothing. REQUIRES: names of columns, `class`, `shape` and `median_s` among them.
std::string write_columns(const MeasurementFile& file, const std::vector<std::string>& names);

/// Throws ScenarioError "file:line:column: ..." on a malformed line. Columns may stand in any order; `class`,
/// `shape` and `median_s` must be there, others have defaults; an unknown column is refused with the nearest
/// name. With `drop_unfinished_line`, a last line without end (a killed sweep) is left out.
MeasurementFile read_measurements(const std::string& text, const std::string& file_name,
                                  bool drop_unfinished_line = false);

struct ColumnHelp {
  std::string name, help;
};
/// All columns in the order in which they are written, with their meaning and unit.
std::vector<ColumnHelp> measurement_columns();

}  // namespace orrery::calibrate
