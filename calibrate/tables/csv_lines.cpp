#include "calibrate/tables/csv_lines.hpp"

#include <algorithm>

#include "calibrate/csv_line.hpp"
#include "sim/base/error.hpp"

namespace orrery::calibrate {

std::vector<CsvLine> split_csv(const std::string& text, const std::string& file_name) {
  std::vector<CsvLine> lines;
  int number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = std::string_view(text).substr(at, end - at);
    at = end + 1;
    ++number;
    if (line.empty() || line == "\r" || line[0] == '#') continue;
    const auto cells = split_csv_line(line);
    if (!cells) throw ScenarioError(file_name + ":" + std::to_string(number), kOpenQuote);
    lines.push_back({number, {}});
    for (const CsvCell& cell : *cells) lines.back().cells.push_back(cell.text);
  }
  return lines;
}

}  // namespace orrery::calibrate
