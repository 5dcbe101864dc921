// How good a profile is: the error of every operator class and collective on its measured points, each
// predicted from the others, by regime. As a table for one screen, JSON, CSV or Markdown.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "calibrate/measurements.hpp"
#include "costmodel/profile.hpp"

namespace orrery::calibrate {

/// Errors are of log(measured / predicted): 0.05 means 5 %; bias > 0: the machine is slower than predicted.
struct ErrorRow {
  std::string name;
  int points = 0;
  double median = 0.0, p90 = 0.0, bias = 0.0;
  double formula_median = 0.0;                   ///< white box without interpolation; 0 in regime rows
  std::optional<double> alone, busy;             ///< median with one rank computing, with all
  std::optional<double> in_cache, out_of_cache;  ///< median with the working set inside L2, beyond it
};

/// A class with cases that have no time, for the reason given most often.
struct SkippedClass {
  std::string name;
  int cases = 0;
  std::string reason;
  int other_reasons = 0;
};
/// By name. A case counts once per table, however many rounds skipped it.
std::vector<SkippedClass> skipped_classes(const std::vector<Measurement>& rows);

struct CalibrationReport {
  std::string title;   ///< device, software, date
  std::string origin;  ///< what the errors are: leave-one-out, or against a table of measurements
  std::vector<ErrorRow> operators, collectives;
  ErrorRow all_operators;
  std::vector<SkippedClass> skipped;  ///< of the table of measurements, where there is one
  std::vector<std::string> facts;     ///< bandwidths, drift, anchors, busbw of collectives: one line each
  std::string headline;
};

/// From the leave-one-out errors stored in the profile.
CalibrationReport report_profile(const cost::Profile& profile);
/// Predictions of the profile against other measurements (pooled points), which need not be those it was
/// fitted to.
CalibrationReport report_profile(const cost::Profile& profile, const MeasurementFile& measurements);

struct ReportColumn {
  std::string name;   ///< in CSV and JSON
  std::string title;  ///< in the table and in Markdown, where errors are in %
  std::string help;
};
/// All columns in the order in which they are written.
std::vector<ReportColumn> report_columns();

std::string report_table(const CalibrationReport& report);
std::string report_markdown(const CalibrationReport& report);
std::string report_csv(const CalibrationReport& report);
std::string report_json(const CalibrationReport& report);

}  // namespace orrery::calibrate
