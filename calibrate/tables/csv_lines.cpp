#include "calibrate/tables/csv_lines.hpp"

#include "sim/base/error.hpp"

namespace orrery::calibrate {

std::vector<CsvLine> split_csv(const std::string& text, const std::string& file_name) {
  std::vector<CsvLine> lines;
  int number = 0;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = text.find('\n', at);
    if (end == std::string::npos) end = text.size();
    std::size_t stop = end;
    if (stop > at && text[stop - 1] == '\r') --stop;
    ++number;
    if (stop > at && text[at] != '#') {
      CsvLine line{number, {""}};
      bool quoted = false;
      for (std::size_t i = at; i < stop; ++i) {
        const char letter = text[i];
        if (letter == '"') {
          if (quoted && i + 1 < stop && text[i + 1] == '"') {
            line.cells.back() += '"';
            ++i;
          } else {
            quoted = !quoted;
          }
        } else if (letter == ',' && !quoted) {
          line.cells.emplace_back();
        } else {
          line.cells.back() += letter;
        }
      }
      if (quoted) {
        throw ScenarioError(file_name + ":" + std::to_string(number), "a quoted cell has no closing quote");
      }
      lines.push_back(std::move(line));
    }
    at = end + 1;
  }
  return lines;
}

}  // namespace orrery::calibrate
