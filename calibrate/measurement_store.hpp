// measurements.csv on disk while a sweep runs: rows are appended to FILE.part as they come and the whole
// becomes FILE at the end, so that a reader never sees half a table and an interrupted sweep goes on where it
// stopped.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "calibrate/measurements.hpp"

namespace orrery::calibrate {

/// The whole content of a file. Throws ScenarioError when it cannot be read.
std::string read_text_file(const std::string& path);
/// Writes beside `path` and renames. Throws BackendError.
void write_text_file(const std::string& path, const std::string& text);
/// Throws BackendError.
void move_file(const std::string& from, const std::string& to);

class MeasurementStore {
 public:
  /// Opens `path`.part. Rows of an earlier run are kept when they come from the same machine and the same
  /// plan (`header` without rows, date aside); otherwise the file is started anew.
  MeasurementStore(std::string path, MeasurementFile header);
  MeasurementStore(const MeasurementStore&) = delete;
  MeasurementStore& operator=(const MeasurementStore&) = delete;

  /// True when an earlier run of the same plan on the same machine was found, with rows or without.
  bool goes_on() const { return goes_on_; }
  /// Rows that were already there.
  const std::vector<Measurement>& earlier_rows() const { return earlier_rows_; }
  std::size_t rows_kept() const { return earlier_rows_.size(); }
  /// Start of the last kept row, in seconds of the sweep.
  double last_start_s() const { return earlier_rows_.empty() ? 0.0 : earlier_rows_.back().start_s; }

  void append(const Measurement& row);
  /// Renames to the final name; no row may follow.
  void finish();

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::string path_;
  std::unique_ptr<std::FILE, Close> file_;
  bool goes_on_ = false;
  std::vector<Measurement> earlier_rows_;
};

}  // namespace orrery::calibrate
