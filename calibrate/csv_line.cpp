#include "calibrate/csv_line.hpp"

namespace orrery::calibrate {

std::optional<std::vector<CsvCell>> split_csv_line(std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  std::vector<CsvCell> cells(1);
  bool in_quotes = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') {
      if (in_quotes && i + 1 < line.size() && line[i + 1] == '"') {
        cells.back().text += line[i++];
      } else {
        in_quotes = !in_quotes;
      }
    } else if (line[i] == ',' && !in_quotes) {
      cells.push_back({"", i + 2});
    } else {
      cells.back().text += line[i];
    }
  }
  if (in_quotes) return std::nullopt;
  return cells;
}

}  // namespace orrery::calibrate
