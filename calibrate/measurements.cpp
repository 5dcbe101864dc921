#include "calibrate/measurements.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <map>

#include "calibrate/csv_line.hpp"
#include "sim/base/error.hpp"
#include "sim/base/spelling.hpp"

namespace orrery::calibrate {
namespace {

constexpr const char* kTitle = "# orrery measurements, version 1";

/// A malformed cell: what was expected. The reader adds file, line and column.
struct BadCell {
  std::string expected;
};

double read_number(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !(value >= 0.0) || value > 1e300) throw BadCell{"a number >= 0"};
  return value;
}

int read_count(const std::string& text) {
  const double value = read_number(text);
  if (value != static_cast<int>(value)) throw BadCell{"a whole number >= 0"};
  return static_cast<int>(value);
}

std::string number(double value) {
  return fmt::format("{}", value);
}

/// Class without the dtype, which has a column of its own.
std::string untyped_name(const Case& subject) {
  if (const auto* op = std::get_if<cost::Op>(&subject)) return cost::base_name(*op);
  return class_name(subject);
}

std::string dtype_text(const Case& subject) {
  const auto* op = std::get_if<cost::Op>(&subject);
  return op != nullptr ? cost::name(cost::dtype(*op)) : "fp32";
}

/// A row while it is read: class and shape become a Case only when both are known.
struct RawRow {
  Measurement row;
  std::string class_text, shape, dtype;
};

struct Column {
  std::string name, help;
  std::function<std::string(const Measurement&)> write;
  std::function<void(RawRow&, const std::string&)> read;
};

template <class Member>
Column text_column(const char* name, const char* help, Member member) {
  return {name, help, [member](const Measurement& m) { return m.*member; },
          [member](RawRow& raw, const std::string& cell) { raw.row.*member = cell; }};
}

template <class Pick>
Column count_column(const char* name, const char* help, Pick pick) {
  return {name, help,
          [pick](const Measurement& m) {
            Measurement copy = m;
            return std::to_string(pick(copy));
          },
          [pick](RawRow& raw, const std::string& cell) { pick(raw.row) = read_count(cell); }};
}

template <class Pick>
Column seconds_column(std::string name, std::string help, Pick pick) {
  return {std::move(name), std::move(help),
          [pick](const Measurement& m) {
            Measurement copy = m;
            return fmt::format("{:.5g}", pick(copy));
          },
          [pick](RawRow& raw, const std::string& cell) { pick(raw.row) = read_number(cell); }};
}

std::vector<Column> identity_columns() {
  return {
      text_column("backend", "what measured it: cpu, cuda, fake, or the origin of an imported table",
                  &Measurement::backend),
      text_column("device", "processor, as people call it", &Measurement::device),
      text_column("algorithm", "kernel set and library versions", &Measurement::algorithm),
      text_column("fingerprint", "hash of the `# fingerprint.*` lines", &Measurement::fingerprint_id),
      {"role",
       "sweep; anchor: a kernel repeated through the whole sweep to follow the machine's speed; skipped: not "
       "measured, for the reason in the column of that name",
       [](const Measurement& m) {
         return std::string(!m.is_measured() ? "skipped" : m.is_anchor ? "anchor" : "sweep");
       },
       [](RawRow& raw, const std::string& cell) {
         if (cell != "sweep" && cell != "anchor" && cell != "skipped") {
           throw BadCell{"\"sweep\", \"anchor\" or \"skipped\""};
         }
         raw.row.is_anchor = cell == "anchor";
         if (cell == "skipped" && raw.row.skipped.empty()) raw.row.skipped = "no reason given";
       }},
      {"class", "operator class (`orrery list operators`) or kind of collective",
       [](const Measurement& m) { return untyped_name(m.subject); },
       [](RawRow& raw, const std::string& cell) { raw.class_text = cell; }},
      {"shape", "dimensions as name=number, separated by blanks",
       [](const Measurement& m) { return shape_text(m.subject); },
       [](RawRow& raw, const std::string& cell) { raw.shape = cell; }},
      {"dtype", "type of the numbers: fp32, tf32, fp16, bf16, fp8; of a cast what it writes",
       [](const Measurement& m) { return dtype_text(m.subject); },
       [](RawRow& raw, const std::string& cell) { raw.dtype = cell; }},
      count_column("ranks", "processes that took part in the calibration",
                   [](Measurement& m) -> int& { return m.ranks; }),
      count_column("ranks_busy", "ranks that computed at the same time",
                   [](Measurement& m) -> int& { return m.conditions.ranks_busy; }),
      {"bytes", "bytes moved: every touched operand element once per read and per write; S of a collective",
       [](const Measurement& m) { return number(bytes_of(m.subject).value()); },
       [](RawRow&, const std::string& cell) { read_number(cell); }},
      {"reuse_distance_bytes",
       "bytes touched between two uses of the same buffer; 0 = the same buffers every time",
       [](const Measurement& m) { return number(m.conditions.reuse_distance.value()); },
       [](RawRow& raw, const std::string& cell) {
         raw.row.conditions.reuse_distance = Bytes(read_number(cell));
       }},
  };
}

std::vector<Column> time_columns() {
  using M = Measurement;
  std::vector<Column> columns{
      count_column("round", "pass through the sweep, from 0", [](M& m) -> int& { return m.round; }),
      seconds_column("start_s", "seconds from the start of the sweep to the first call",
                     [](M& m) -> double& { return m.start_s; }),
      count_column("samples", "timed calls", [](M& m) -> int& { return m.times.samples; }),
      count_column("outliers",
                   "calls beyond the third quartile by more than three interquartile ranges; kept",
                   [](M& m) -> int& { return m.times.outliers; }),
      seconds_column("median_s", "median time of one call, seconds",
                     [](M& m) -> double& { return m.times.median_s; }),
      seconds_column("mean_s", "mean", [](M& m) -> double& { return m.times.mean_s; }),
      seconds_column("min_s", "smallest", [](M& m) -> double& { return m.times.min_s; }),
      seconds_column("max_s", "largest", [](M& m) -> double& { return m.times.max_s; }),
      seconds_column("worst_rank_median_s", "largest median of the ranks that took part",
                     [](M& m) -> double& { return m.worst_rank_median_s; }),
  };
  for (std::size_t i = 0; i < kQuantileGrid.size(); ++i) {
    columns.push_back(seconds_column(fmt::format("q{:02.0f}_s", 100.0 * kQuantileGrid[i]),
                                     fmt::format("{:.0f} % of the calls take less", 100.0 * kQuantileGrid[i]),
                                     [i](M& m) -> double& { return m.times.quantiles_s[i]; }));
  }
  return columns;
}

/// What a device says beside the times; empty or 0 where nobody knows.
std::vector<Column> telemetry_columns() {
  using M = Measurement;
  const auto text = [](const char* name, const char* help, std::string Telemetry::*member) {
    return Column{name, help, [member](const M& m) { return m.telemetry.*member; },
                  [member](RawRow& raw, const std::string& cell) { raw.row.telemetry.*member = cell; }};
  };
  const auto figure = [](const char* name, const char* help, auto write, auto read) {
    return Column{
        name, help, [write](const M& m) { return fmt::format("{:.5g}", write(m.telemetry)); },
        [read](RawRow& raw, const std::string& cell) { read(raw.row.telemetry, read_number(cell)); }};
  };
  return {
      figure(
          "host_s", "time of the host to enqueue one call", [](const Telemetry& t) { return t.host.value(); },
          [](Telemetry& t, double x) { t.host = Seconds(x); }),
      figure(
          "kernel_s",
          "time in which kernels of one traced call ran, gaps left out; traced at the first visit of a case",
          [](const Telemetry& t) { return t.kernel.value(); },
          [](Telemetry& t, double x) { t.kernel = Seconds(x); }),
      count_column("kernels", "kernels of one call", [](M& m) -> int& { return m.telemetry.kernels; }),
      text("kernel", "what the library chose: longest kernel, tile, number of the algorithm",
           &Telemetry::algorithm),
      figure(
          "clock_mhz", "clock of the processor, read once behind the samples",
          [](const Telemetry& t) { return t.clock_mhz; }, [](Telemetry& t, double x) { t.clock_mhz = x; }),
      figure(
          "power_w", "power drawn, read once behind the samples",
          [](const Telemetry& t) { return t.power_w; }, [](Telemetry& t, double x) { t.power_w = x; }),
      text("throttle", "what held the clock down, read once behind the samples", &Telemetry::throttle),
      {"skipped", "why there is no time: does not fit, failed its check, refused by a library",
       [](const M& m) { return m.skipped; },
       [](RawRow& raw, const std::string& cell) {
         if (!cell.empty()) raw.row.skipped = cell;
       }},
  };
}

const std::vector<Column>& columns() {
  static const std::vector<Column> all = [] {
    std::vector<Column> list = identity_columns();
    for (Column& column : time_columns()) list.push_back(std::move(column));
    for (Column& column : telemetry_columns()) list.push_back(std::move(column));
    return list;
  }();
  return all;
}

std::string quoted(const std::string& cell) {
  if (cell.find_first_of(",\"\n") == std::string::npos) return cell;
  std::string text = "\"";
  for (const char letter : cell) {
    if (letter == '"') text += '"';
    text += letter == '\n' ? ' ' : letter;
  }
  return text + "\"";
}

std::string place(const std::string& file, std::size_t line, std::size_t column) {
  return file + ":" + std::to_string(line) + ":" + std::to_string(column);
}

std::vector<CsvCell> cells_of(const std::string& line, const std::string& file, std::size_t number) {
  const auto cells = split_csv_line(line);
  if (!cells) throw ScenarioError(place(file, number, 1), kOpenQuote);
  return *cells;
}

void read_comment(const std::string& line, MeasurementFile& file) {
  const std::size_t equals = line.find('=');
  if (equals == std::string::npos) return;
  const std::size_t start = line.find_first_not_of("# ");
  const std::string key = line.substr(start, equals - start), value = line.substr(equals + 1);
  constexpr const char* kPrefix = "fingerprint.";
  if (key == "date") {
    file.date = value;
  } else if (key.rfind(kPrefix, 0) == 0) {
    file.fingerprint[key.substr(std::char_traits<char>::length(kPrefix))] = value;
  } else {
    file.facts[key] = value;
  }
}

const Column& find_column(const std::string& name, const std::string& where) {
  const auto found =
      std::find_if(columns().begin(), columns().end(), [&](const Column& c) { return c.name == name; });
  if (found != columns().end()) return *found;
  std::vector<std::string> known;
  for (const Column& column : columns()) known.push_back(column.name);
  throw ScenarioError(where, "unknown column \"" + name + "\"" + spelling_hint(name, known));
}

/// Cells that stand once for all rows.
using SharedCells = std::vector<std::pair<const Column*, std::string>>;

constexpr const char* kSharedPrefix = "# column.";

bool is_shared_cell(const std::string& line) {
  return line.rfind(kSharedPrefix, 0) == 0 && line.find('=') != std::string::npos;
}

void read_shared_cell(const std::string& line, const std::string& where, SharedCells& shared) {
  const std::size_t start = std::char_traits<char>::length(kSharedPrefix), equals = line.find('=');
  const Column& column = find_column(line.substr(start, equals - start), where);
  const std::string cell = line.substr(equals + 1, line.find('\r') - equals - 1);
  try {
    RawRow attempt;
    column.read(attempt, cell);
  } catch (const BadCell& bad) {
    throw ScenarioError(where, column.name + ": expected " + bad.expected + ", got \"" + cell + "\"");
  }
  shared.emplace_back(&column, cell);
}

std::vector<const Column*> read_header(const std::string& line, const std::string& file, std::size_t number) {
  std::vector<const Column*> order;
  for (const CsvCell& cell : cells_of(line, file, number))
    order.push_back(&find_column(cell.text, place(file, number, cell.column)));
  for (const char* needed : {"class", "shape", "median_s"}) {
    const auto is_needed = [&](const Column* c) { return c->name == needed; };
    if (std::none_of(order.begin(), order.end(), is_needed)) {
      throw ScenarioError(place(file, number, 1), std::string("the column \"") + needed + "\" is missing");
    }
  }
  return order;
}

Measurement read_row(const std::string& line, const std::vector<const Column*>& order,
                     const SharedCells& shared, const std::string& file, std::size_t number) {
  const std::vector<CsvCell> cells = cells_of(line, file, number);
  if (cells.size() != order.size()) {
    throw ScenarioError(place(file, number, cells.back().column),
                        fmt::format("{} cells, but the header has {} columns", cells.size(), order.size()));
  }
  RawRow raw;
  for (const auto& [column, cell] : shared) column->read(raw, cell);
  std::size_t class_column = 1;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (order[i]->name == "class") class_column = cells[i].column;
    try {
      order[i]->read(raw, cells[i].text);
    } catch (const BadCell& bad) {
      throw ScenarioError(place(file, number, cells[i].column),
                          order[i]->name + ": expected " + bad.expected + ", got \"" + cells[i].text + "\"");
    }
  }
  try {
    raw.row.subject = parse_case(raw.class_text, raw.shape, raw.dtype);
  } catch (const ScenarioError& error) {
    throw ScenarioError(place(file, number, class_column), error.what());
  }
  if (raw.row.is_measured() && !(raw.row.times.median_s > 0.0)) {
    throw ScenarioError(place(file, number, 1), "median_s: expected a time > 0");
  }
  return raw.row;
}

}  // namespace

std::string class_name(const Case& subject) {
  if (const auto* op = std::get_if<cost::Op>(&subject)) return cost::class_name(*op);
  return cost::name(std::get<cost::CollectiveCase>(subject).kind);
}

std::string shape_text(const Case& subject) {
  if (const auto* op = std::get_if<cost::Op>(&subject)) return cost::shape_text(*op);
  const auto& collective = std::get<cost::CollectiveCase>(subject);
  return fmt::format("bytes={:.0f} ranks={}", collective.bytes.value(), collective.ranks);
}

Case parse_case(const std::string& class_text, const std::string& shape, const std::string& dtype) {
  const std::vector<std::string> collectives = cost::collective_names();
  if (std::find(collectives.begin(), collectives.end(), class_text) == collectives.end()) {
    const cost::Op op = cost::parse_op(class_text, shape);
    const cost::DType wanted = dtype.empty() ? cost::dtype(op) : cost::dtype_of(dtype);
    if (wanted == cost::dtype(op)) return op;
    if (!cost::has_dtype(op) || cost::dtype(op) != cost::DType::fp32 || wanted == cost::DType::int32) {
      throw ScenarioError(class_text, "dtype: expected " + cost::name(cost::dtype(op)) + ", got " + dtype);
    }
    return cost::with_dtype(op, wanted);
  }
  long long bytes = -1;
  int ranks = 0, used = 0;
  const int found = std::sscanf(shape.c_str(), "bytes=%lld ranks=%d%n", &bytes, &ranks, &used);
  if (found != 2 || bytes < 0 || ranks < 1 || static_cast<std::size_t>(used) != shape.size()) {
    throw ScenarioError(class_text, "expected a shape like \"bytes=4096 ranks=2\", got \"" + shape + "\"");
  }
  return cost::CollectiveCase{cost::collective_kind(class_text), Bytes(static_cast<double>(bytes)), ranks};
}

Bytes bytes_of(const Case& subject) {
  if (const auto* op = std::get_if<cost::Op>(&subject)) return cost::traffic(*op);
  return std::get<cost::CollectiveCase>(subject).bytes;
}

std::vector<Measurement> measured_rows(const std::vector<Measurement>& rows) {
  std::vector<Measurement> kept;
  std::copy_if(rows.begin(), rows.end(), std::back_inserter(kept),
               [](const Measurement& row) { return row.is_measured(); });
  return kept;
}

namespace {

std::string facts_text(const MeasurementFile& file) {
  std::string text = std::string(kTitle) + "\n# date=" + file.date + "\n";
  for (const auto& [key, value] : file.facts) text += "# " + key + "=" + value + "\n";
  for (const auto& [key, value] : file.fingerprint) text += "# fingerprint." + key + "=" + value + "\n";
  return text;
}

/// True when every row has the same, as far as a line of its own can say it.
bool is_shared(const MeasurementFile& file, const Column& column) {
  if (file.rows.empty() || column.name == "class" || column.name == "shape" || column.name == "median_s") {
    return false;
  }
  const std::string first = column.write(file.rows.front());
  return first.find('\n') == std::string::npos &&
         std::all_of(file.rows.begin(), file.rows.end(),
                     [&](const Measurement& row) { return column.write(row) == first; });
}

}  // namespace

std::string write_columns(const MeasurementFile& file, const std::vector<std::string>& names) {
  std::string text = facts_text(file), header;
  std::vector<const Column*> kept;
  for (const std::string& name : names) {
    const Column& column = find_column(name, "");
    if (is_shared(file, column)) {
      const std::string cell = column.write(file.rows.front());
      if (!cell.empty()) text += kSharedPrefix + name + "=" + cell + "\n";
    } else {
      header += (kept.empty() ? "" : ",") + name;
      kept.push_back(&column);
    }
  }
  text += header + "\n";
  for (const Measurement& row : file.rows) {
    for (const Column* column : kept)
      text += (column == kept.front() ? "" : ",") + quoted(column->write(row));
    text += "\n";
  }
  return text;
}

std::string header_text(const MeasurementFile& file) {
  std::string text = facts_text(file);
  for (const Column& column : columns()) text += (&column == &columns().front() ? "" : ",") + column.name;
  return text + "\n";
}

std::string row_text(const Measurement& row) {
  std::string text;
  for (const Column& column : columns()) {
    text += (&column == &columns().front() ? "" : ",") + quoted(column.write(row));
  }
  return text + "\n";
}

std::string write_measurements(const MeasurementFile& file) {
  std::string text = header_text(file);
  for (const Measurement& row : file.rows) text += row_text(row);
  return text;
}

MeasurementFile read_measurements(const std::string& text, const std::string& file_name,
                                  bool drop_unfinished_line) {
  MeasurementFile file;
  std::vector<const Column*> order;
  SharedCells shared;
  std::size_t begin = 0;
  for (std::size_t number = 1; begin < text.size(); ++number) {
    const std::size_t newline = text.find('\n', begin);
    if (newline == std::string::npos && drop_unfinished_line) break;
    const std::string line = text.substr(begin, newline - begin);
    begin = newline == std::string::npos ? text.size() : newline + 1;
    if (line.empty() || line == "\r") continue;
    if (is_shared_cell(line)) {
      read_shared_cell(line, place(file_name, number, 1), shared);
    } else if (line[0] == '#') {
      read_comment(line, file);
    } else if (order.empty()) {
      order = read_header(line, file_name, number);
    } else {
      file.rows.push_back(read_row(line, order, shared, file_name, number));
    }
  }
  if (order.empty()) {
    throw ScenarioError(file_name, "no line of column names: this is not a table of measurements");
  }
  return file;
}

std::vector<ColumnHelp> measurement_columns() {
  std::vector<ColumnHelp> list;
  for (const Column& column : columns()) list.push_back({column.name, column.help});
  return list;
}

}  // namespace orrery::calibrate
