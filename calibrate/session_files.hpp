// The small files by which a session survives its own end: journals to which lines are added as results come,
// and markers that say what a process was at when it ended.
#pragma once

#include <cstddef>
#include <fstream>
#include <string>

#include "sim/base/json_io.hpp"

namespace orrery::calibrate {

/// Creates the folder and those above it. Throws BackendError.
void make_folder(const std::string& path);

/// One line of text without its end. What a driver or library said may hold any bytes: those that are no
/// UTF-8 are replaced.
std::string json_line(const Json& json);

/// A file of lines that are added one by one.
class Journal {
 public:
  explicit Journal(std::string path) : path_(std::move(path)) {}
  /// Whole lines of earlier processes; what a killed process left behind the last of them is dropped.
  std::string text() const;
  /// Opens for adding behind `text()`.
  void open();
  void add(const std::string& line);
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  std::ofstream out_;
};

/// Which case is being measured and how many processes have begun it, on disk, because the case may take the
/// process down.
class Marker {
 public:
  explicit Marker(std::string path);
  /// Processes that have begun this case and not come to the next one.
  int tries(std::size_t index) const { return index == index_ ? tries_ : 0; }
  void begin(std::size_t index);
  void clear();

 private:
  std::string path_;
  std::size_t index_ = static_cast<std::size_t>(-1);
  int tries_ = 0;
};

}  // namespace orrery::calibrate
