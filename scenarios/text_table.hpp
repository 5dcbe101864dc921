// Tables, titles and plain lines of a report, in the two forms that people read: aligned columns on a terminal and
// Markdown for documents. Also how a value stands in a CSV file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace orrery::scenario {

using TextRow = std::vector<std::string>;

/// How tables, titles and plain lines look in one format.
struct TextStyle {
  bool markdown = false;
  bool bold = false;  ///< titles, on a terminal

  std::string title(const std::string& text) const;
  std::string line(const std::string& text) const;
  /// First column left, the others right aligned; the first row is the header. REQUIRES: rows of equal length.
  std::string table(const std::vector<TextRow>& rows) const;
  /// The two rows of a header with units. Markdown has one header row, so there the units stand behind the names.
  std::vector<TextRow> header(TextRow names, const TextRow& units) const;
};

/// Microseconds and GB/s with nccl-tests' digits: more for small numbers.
std::string nccl_number(double value);

/// 1234567 -> "1,234,567".
std::string grouped(std::int64_t number);

/// A JSON value as a field of a CSV file (RFC 4180): a string, and whatever has a comma, a quote or a line end in it,
/// stands in quotes, and quotes inside are doubled.
std::string csv_field(const std::string& json_value);

}  // namespace orrery::scenario
