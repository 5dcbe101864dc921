// The small files by which a session survives its own end: journals to which lines are added as results come,
// and markers that say what a process was at when it ended.
#pragma once

#include <cstddef>
#include <fstream>
#include <string>
#include <vector>

#include "sim/base/json_io.hpp"

namespace orrery::calibrate {

/// Creates the folder and those above it. Throws BackendError.
void make_folder(const std::string& path);

/// One line of text without its end. What a driver or library said may hold any bytes: those that are no
/// UTF-8 are replaced.
std::string json_line(const Json& json);

/// The records of a text of JSON lines, described by `fields()`. A last line without end, which a killed
/// process left behind, is dropped. Throws ScenarioError naming `place` and the line.
template <class Record>
std::vector<Record> parse_json_lines(const std::string& text, const std::string& place) {
  std::vector<Record> records;
  std::size_t begin = 0;
  for (int line = 1; begin < text.size(); ++line) {
    const std::size_t end = text.find('\n', begin);
    if (end == std::string::npos) break;
    read_json(parse_json(text.substr(begin, end - begin), place + " line " + std::to_string(line)),
              records.emplace_back());
    begin = end + 1;
  }
  return records;
}

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
