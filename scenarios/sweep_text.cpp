// The table of a sweep in the four formats.
#include <fmt/format.h>

#include <algorithm>

#include "scenarios/sweep_run.hpp"
#include "scenarios/text_table.hpp"

namespace orrery::scenario {
namespace {

std::string json_text(const Sweep& sweep, const std::vector<PointResult>& results) {
  Json points = Json::array();
  for (std::size_t i = 0; i < results.size(); ++i) {
    Json point = Json::object(), values = Json::object(), rows = Json::array();
    for (const auto& [key, value] : sweep.points[i].values) values[key] = value;
    for (const auto& row : results[i].rows) {
      Json figures = Json::object();
      for (const Figure& figure : row) figures[figure.column] = figure.value;
      rows.push_back(std::move(figures));
    }
    point["name"] = sweep.points[i].name();
    point["values"] = std::move(values);
    point["goal_met"] = results[i].goal_met;
    point["rows"] = std::move(rows);
    if (!results[i].error.empty()) point["error"] = results[i].error;
    points.push_back(std::move(point));
  }
  return points.dump(2) + "\n";
}

/// A value for people: six digits, text without quotes; "-" where there is none.
std::string plain(const Json& value) {
  if (value.is_null()) return "-";
  if (value.is_string()) return value.get<std::string>();
  return value.is_number_float() ? fmt::format("{:.6g}", value.get<double>()) : value.dump();
}

/// A value in a CSV file; nothing where there is none.
std::string in_csv(const Json& value) { return value.is_null() ? "" : csv_field(value.dump()); }

/// The column of a figure: its name, or "result.NAME" where the sweep varies a key of that name.
std::string column_of(const Figure& figure, const SweepPoint& point) {
  const auto is_varied = [&figure](const auto& varied) { return varied.first == figure.column; };
  return std::any_of(point.values.begin(), point.values.end(), is_varied) ? "result." + figure.column : figure.column;
}

/// Every line of the table with the header first; `cell` writes a value.
template <class Cell>
std::vector<TextRow> lines(const Sweep& sweep, const std::vector<PointResult>& results, Cell cell) {
  const SweepPoint& first = sweep.points.front();
  TextRow header;
  for (const auto& [key, value] : first.values) header.push_back(key);
  const std::size_t keys = header.size();
  for (const PointResult& result : results) {
    for (const auto& row : result.rows) {
      for (const Figure& figure : row) {
        const std::string column = column_of(figure, first);
        if (std::find(header.begin(), header.end(), column) == header.end()) header.push_back(column);
      }
    }
  }
  const bool errors = std::any_of(results.begin(), results.end(), [](const auto& r) { return !r.error.empty(); });
  if (errors) header.push_back("error");
  std::vector<TextRow> table{header};
  for (std::size_t i = 0; i < results.size(); ++i) {
    const std::size_t rows = std::max<std::size_t>(1, results[i].rows.size());
    for (std::size_t r = 0; r < rows; ++r) {
      TextRow& line = table.emplace_back(header.size());
      for (std::size_t k = 0; k < keys; ++k) line[k] = cell(sweep.points[i].values[k].second);
      if (r < results[i].rows.size()) {
        for (const Figure& figure : results[i].rows[r]) {
          const auto column = std::find(header.begin(), header.end(), column_of(figure, first));
          line[static_cast<std::size_t>(column - header.begin())] = cell(figure.value);
        }
      }
      if (!results[i].error.empty()) line.back() = cell(Json(results[i].error));
    }
  }
  return table;
}

}  // namespace

std::string sweep_text(const Sweep& sweep, const std::vector<PointResult>& results, Format format) {
  if (format == Format::json) return json_text(sweep, results);
  if (format != Format::csv) return TextStyle{format == Format::md, false}.table(lines(sweep, results, plain));
  std::string text;
  for (const TextRow& row : lines(sweep, results, in_csv)) {
    text += fmt::format("{}\n", fmt::join(row, ","));
  }
  return text;
}

}  // namespace orrery::scenario
