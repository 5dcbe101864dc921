// One line of comma-separated text as cells (RFC 4180, but a cell ends with its line): quoted cells may hold commas, and a
// doubled quote stands for one.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orrery::calibrate {

struct CsvCell {
  std::string text;
  std::size_t column = 1;  ///< where it starts in the line, from 1
};

/// `line` comes without its newline; a carriage return at its end is dropped. Nothing when a quote is not closed.
std::optional<std::vector<CsvCell>> split_csv_line(std::string_view line);

/// What a reader says of a line that gives nothing.
inline constexpr const char* kOpenQuote = "a quoted cell has no closing quote";

}  // namespace orrery::calibrate
