#include "calibrate/tables/collective_table.hpp"

#include <algorithm>
#include <set>

#include "calibrate/measurements.hpp"
#include "calibrate/tables/collective_columns.hpp"
#include "calibrate/tables/csv_lines.hpp"
#include "sim/base/error.hpp"
#include "sim/base/spelling.hpp"

namespace orrery::calibrate {
namespace {

struct Form {
  const char* name;
  std::vector<const char*> signature;  ///< columns by which it is known
  const char* network = "";            ///< what its source says of the wires between nodes, where no column does
};

/// The first whose signature is in the header. "table" takes every table that has a size, ranks and a time.
const std::vector<Form>& forms() {
  static const std::vector<Form> list{
      {"aiconfigurator_nccl", {"nccl_version", "message_size", "latency_ms"}},
      {"aiconfigurator_custom_allreduce", {"kernel_source", "message_size", "latency_ms"}},
      {"vidur_network", {"node_sku", "num_workers", "median_ms", "devices_per_node"}},
      {"nccl_tests", {"size_bytes", "oop_time_us"}},
      {"vtrain_lut", {"size_bytes", "outofplace_time_us"}},
      {"ultrascale", {"size_mb", "median_busbw_gbps"}, "EFA"},
      {"ml_engineering", {"size_bytes", "busbw_gbps", "algo"}},
      {"apex", {"size_kb"}},
      {"table", {}},
  };
  return list;
}

double element_bytes(const std::string& dtype) {
  if (dtype == "int8" || dtype == "uint8" || dtype == "fp8") return 1.0;
  if (dtype == "float" || dtype == "float32" || dtype == "fp32" || dtype == "int32") return 4.0;
  if (dtype == "half" || dtype == "float16" || dtype == "fp16" || dtype == "bfloat16" || dtype == "bf16") return 2.0;
  throw ExpectedCell{"a type whose size is known (half, bfloat16, int8, float)"};
}

std::string place_of(const std::string& file, int line) {
  return file + ":" + std::to_string(line);
}

/// The columns of the header, checked: each known, and the roles that a table needs all there.
std::vector<const CollectiveColumn*> columns_of(const CsvLine& header, const std::string& file) {
  std::vector<const CollectiveColumn*> columns;
  std::set<std::string> roles;
  std::vector<std::string> known;
  for (const CollectiveColumn& column : collective_columns()) {
    known.insert(known.end(), column.names.begin(), column.names.end());
  }
  for (const std::string& name : header.cells) {
    const CollectiveColumn* column = find_column(name);
    if (column == nullptr) {
      const auto nearest = nearest_name(name, known);
      throw ScenarioError(place_of(file, header.number),
                          "unknown column \"" + name + "\" in a table of collectives" +
                              (nearest ? "; did you mean \"" + *nearest + "\"?" : "") +
                              " (docs/collective-costs.md lists the columns)");
    }
    columns.push_back(column);
    roles.insert(column->role);
  }
  for (const char* role : {"size", "time", "ranks"}) {
    const bool by_nodes = std::string(role) == "ranks" && roles.count("nodes") > 0;
    if (roles.count(role) > 0 || by_nodes) continue;
    std::string names;
    for (const CollectiveColumn& column : collective_columns()) {
      if (column.role != role) continue;
      for (const std::string& name : column.names) names += (names.empty() ? "" : ", ") + name;
    }
    throw ScenarioError(place_of(file, header.number),
                        "a table of collectives needs a column for the " + std::string(role) + ": one of " + names);
  }
  return columns;
}

const Form& form_of(const CsvLine& header) {
  const auto has = [&header](const std::string& wanted) {
    return std::any_of(header.cells.begin(), header.cells.end(), [&wanted](const std::string& cell) {
      return cell.size() == wanted.size() && std::equal(cell.begin(), cell.end(), wanted.begin(), [](char a, char b) {
               return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
             });
    });
  };
  for (const Form& form : forms()) {
    if (std::all_of(form.signature.begin(), form.signature.end(), has)) return form;
  }
  return forms().back();
}

/// What only all cells of a line together tell; false where the row has no usable time.
bool complete(CollectiveCells& cells) {
  cost::FabricCase& subject = cells.row.subject;
  if (cells.elements > 0.0) subject.bytes = Bytes(cells.elements * element_bytes(cells.row.dtype));
  if (cells.per_node > 0.0) {
    const int per_node = static_cast<int>(cells.per_node);
    if (!cells.has_ranks) subject.ranks = per_node * subject.nodes;
    if (!cells.has_nodes) subject.nodes = (subject.ranks + per_node - 1) / per_node;
  }
  if (subject.nodes > subject.ranks) throw ExpectedCell{"at least one rank on each node"};
  if (!cells.framework.empty()) {
    const std::string engine = cells.framework + " " + cells.version;
    cells.row.stack = cells.row.stack.empty() ? engine : engine + " " + cells.row.stack;
  }
  if (cells.row.seconds == 0.0 && cells.busbw_gbps > 0.0) {
    cells.row.seconds =
        subject.bytes.value() * busbw_factor(subject.kind, subject.ranks) / (cells.busbw_gbps * 1e9);
  }
  return cells.is_usable && cells.row.seconds > 0.0 && subject.ranks > 1;
}

/// Our own measurements.csv: the rows that are collectives.
CollectiveTable own_measurements(const std::string& text, const std::string& file_name) {
  CollectiveTable table{"measurements", {}, 0};
  for (const Measurement& m : measured_rows(read_measurements(text, file_name).rows)) {
    const auto* c = std::get_if<cost::CollectiveCase>(&m.subject);
    if (c == nullptr || c->ranks < 2) {
      ++table.skipped;
      continue;
    }
    CollectiveRow row;
    row.system = m.device;
    row.stack = m.algorithm;
    row.dtype = "fp32";
    row.subject = {c->kind, c->bytes, c->ranks, 1};
    row.seconds = m.times.median_s;
    table.rows.push_back(row);
  }
  return table;
}

}  // namespace

CollectiveTable read_collectives(const std::string& text, const std::string& file_name) {
  if (text.rfind("# orrery measurements", 0) == 0) return own_measurements(text, file_name);
  const std::vector<CsvLine> lines = split_csv(text, file_name);
  if (lines.empty()) throw ScenarioError(file_name, "the table is empty: expected a line of column names");
  const std::vector<const CollectiveColumn*> columns = columns_of(lines.front(), file_name);
  const Form& form = form_of(lines.front());
  const std::string own_name = file_name.substr(file_name.rfind('/') + 1);  // its folders may speak of other systems
  CollectiveTable table{form.name, {}, 0};
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const CsvLine& line = lines[i];
    if (line.cells.size() != columns.size()) {
      throw ScenarioError(place_of(file_name, line.number),
                          std::to_string(line.cells.size()) + " cells, but the header has " +
                              std::to_string(columns.size()));
    }
    CollectiveCells cells;
    cells.row.line = line.number;
    cells.row.network = form.network;
    std::string name;
    try {
      for (std::size_t c = 0; c < columns.size(); ++c) {
        name = lines.front().cells[c];
        columns[c]->read(cells, line.cells[c]);
      }
      name = "the line";
      if (cells.row.system.empty() && cost::is_known_fabric(own_name)) cells.row.system = own_name;
      if (complete(cells)) {
        table.rows.push_back(cells.row);
      } else {
        ++table.skipped;
      }
    } catch (const ExpectedCell& expected) {
      throw ScenarioError(place_of(file_name, line.number), name + ": expected " + expected.text);
    }
  }
  return table;
}

std::vector<std::string> collective_forms() {
  std::vector<std::string> names{"measurements"};
  for (const Form& form : forms()) names.emplace_back(form.name);
  return names;
}

}  // namespace orrery::calibrate
