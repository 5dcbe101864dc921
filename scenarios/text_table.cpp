#include "scenarios/text_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/base/json_io.hpp"

namespace orrery::scenario {
namespace {

std::string rule(std::size_t columns) {
  std::string text = "|---|";
  for (std::size_t i = 1; i < columns; ++i) text += "---:|";
  return text + "\n";
}

}  // namespace

std::string TextStyle::title(const std::string& text) const {
  if (markdown) return "\n## " + text + "\n\n";
  return bold ? "\n\033[1m" + text + "\033[0m\n" : "\n" + text + "\n";
}

std::string TextStyle::line(const std::string& text) const {
  return (markdown ? "- " : "  ") + text + "\n";
}

std::string TextStyle::table(const std::vector<TextRow>& rows) const {
  std::vector<std::size_t> widths(rows.front().size(), 0);
  for (const TextRow& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const TextRow& row : rows) {
    std::string line = markdown ? "|" : " ";
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += i == 0 ? fmt::format(" {:<{}}", row[i], widths[i]) : fmt::format("  {:>{}}", row[i], widths[i]);
      if (markdown) line += " |";
    }
    while (line.back() == ' ') line.pop_back();
    text += line + "\n";
    if (markdown && &row == &rows.front()) text += rule(row.size());
  }
  return text;
}

std::vector<TextRow> TextStyle::header(TextRow names, const TextRow& units) const {
  if (!markdown) return {std::move(names), units};
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!units[i].empty()) names[i] += " " + units[i];
  }
  return {std::move(names)};
}

std::string nccl_number(double value) {
  if (value >= 10000.0) return fmt::format("{:.0f}", value);
  return fmt::format("{:.{}f}", value, value >= 1000.0 ? 1 : 2);
}

std::string grouped(std::int64_t number) {
  std::string text = std::to_string(number);
  for (std::ptrdiff_t at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3) {
    text.insert(static_cast<std::size_t>(at), ",");
  }
  return text;
}

std::string csv_field(const std::string& json_value) {
  const std::string& value = json_value;
  const bool text = !value.empty() && value[0] == '"';
  if (!text && value.find_first_of(",\"\r\n") == std::string::npos) return value;
  const std::string plain = text ? Json::parse(value).get<std::string>() : value;
  std::string quoted = "\"";
  for (const char letter : plain) quoted += letter == '"' ? std::string("\"\"") : std::string(1, letter);
  return quoted + "\"";
}

}  // namespace orrery::scenario
