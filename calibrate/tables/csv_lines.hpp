// Comma-separated text as rows of cells (calibrate/csv_line.hpp); "#" lines are comments.
#pragma once

#include <string>
#include <vector>

namespace orrery::calibrate {

struct CsvLine {
  int number = 0;  ///< from 1
  std::vector<std::string> cells;
};

/// Empty lines and comments are left out. Throws ScenarioError "file:line: ..." on an unfinished quote.
std::vector<CsvLine> split_csv(const std::string& text, const std::string& file_name);

}  // namespace orrery::calibrate
