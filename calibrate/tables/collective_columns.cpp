#include "calibrate/tables/collective_columns.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>

namespace orrery::calibrate {
namespace {

using Cells = CollectiveCells;
using Text = const std::string&;

std::string lower(const std::string& text) {
  std::string result = text;
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

/// An empty cell is a quantity that the source does not state.
double number(Text cell) {
  if (cell.empty()) return 0.0;
  char* end = nullptr;
  const double value = std::strtod(cell.c_str(), &end);
  if (*end != '\0' || !(value >= 0.0) || value > 1e300) throw ExpectedCell{"a number >= 0"};
  return value;
}

int count(Text cell) {
  const double value = number(cell);
  if (value < 1.0 || value != static_cast<int>(value)) throw ExpectedCell{"a whole number >= 1"};
  return static_cast<int>(value);
}

void kind(Cells& c, Text cell) {
  std::string plain;
  for (const char letter : lower(cell)) {
    if (std::isalnum(static_cast<unsigned char>(letter)) != 0) plain += letter;
  }
  const std::pair<const char*, CollectiveKind> kinds[] = {
      {"allreduce", CollectiveKind::all_reduce},     {"allgather", CollectiveKind::all_gather},
      {"reducescatter", CollectiveKind::reduce_scatter}, {"alltoall", CollectiveKind::all_to_all},
      {"broadcast", CollectiveKind::broadcast},      {"reduce", CollectiveKind::reduce},
      {"sendrecv", CollectiveKind::point_to_point},  {"p2p", CollectiveKind::point_to_point},
      {"pointtopoint", CollectiveKind::point_to_point}};
  for (const auto& [name, value] : kinds) {
    if (plain.rfind(name, 0) == 0) {
      c.row.subject.kind = value;
      c.has_kind = true;
      return;
    }
  }
  c.is_usable = false;
}

void time_in(Cells& c, Text cell, double unit) {
  if (c.row.seconds == 0.0) c.row.seconds = number(cell) * unit;
}

void ignore(Cells&, Text) {}

}  // namespace

const std::vector<CollectiveColumn>& collective_columns() {
  static const std::vector<CollectiveColumn> table{
      {{"system", "gpu", "node_sku", "device", "gpu_type", "hardware"}, "system", "GPU and its form",
       [](Cells& c, Text t) { c.row.system = t; }},
      {{"nccl_version"}, "stack", "library version", [](Cells& c, Text t) { c.row.stack = "nccl " + t; }},
      {{"kernel_source"}, "stack", "kernel of an inference engine", [](Cells& c, Text t) { c.row.stack = t; }},
      {{"framework"}, "framework", "inference engine", [](Cells& c, Text t) { c.framework = t; }},
      {{"version"}, "framework", "its version", [](Cells& c, Text t) { c.version = t; }},
      {{"collective", "collective_type", "comm_type", "comm", "operation", "op"}, "kind", "kind of collective", kind},
      {{"dtype", "type", "data_type"}, "dtype", "type of an element", [](Cells& c, Text t) { c.row.dtype = t; }},
      {{"num_gpus", "nranks", "ranks", "num_workers", "gpus", "ngpus", "num_ranks", "n_gpus", "world_size",
        "num_devices"},
       "ranks", "ranks in all",
       [](Cells& c, Text t) {
         c.row.subject.ranks = count(t);
         c.has_ranks = true;
       }},
      {{"nodes", "num_nodes", "nnodes", "n_nodes"}, "nodes", "nodes that hold them",
       [](Cells& c, Text t) {
         if (t.empty()) return;
         c.row.subject.nodes = count(t);
         c.has_nodes = true;
       }},
      {{"devices_per_node", "gpus_per_node", "num_gpus_per_node", "num_devices_per_node"}, "nodes",
       "ranks of one node", [](Cells& c, Text t) { c.per_node = count(t); }},
      {{"message_size"}, "size", "size in elements", [](Cells& c, Text t) { c.elements = number(t); }},
      {{"size_bytes", "size", "bytes", "size_b"}, "size", "size in bytes",
       [](Cells& c, Text t) { c.row.subject.bytes = Bytes(number(t)); }},
      {{"size_kb"}, "size", "size in KiB", [](Cells& c, Text t) { c.row.subject.bytes = Bytes(number(t) * 1024.0); }},
      {{"size_mb"}, "size", "size in MiB",
       [](Cells& c, Text t) { c.row.subject.bytes = Bytes(number(t) * 1048576.0); }},
      {{"latency_ms", "median_ms", "time_ms"}, "time", "time in milliseconds",
       [](Cells& c, Text t) { time_in(c, t, 1e-3); }},
      {{"oop_time_us", "outofplace_time_us", "time_us", "latency_us", "median_us", "out_of_place_time_us",
        "avg_time_us", "mean_us"},
       "time", "time in microseconds", [](Cells& c, Text t) { time_in(c, t, 1e-6); }},
      {{"busbw_gbps", "median_busbw_gbps"}, "time", "bus bandwidth in GB/s",
       [](Cells& c, Text t) { c.busbw_gbps = number(t); }},
      {{"net", "network"}, "network", "the wires between nodes", [](Cells& c, Text t) { c.row.network += t + " "; }},
      {{"node"}, "network", "type of node", [](Cells& c, Text t) { c.row.network += t + " "; }},
      {{"nic_gbps"}, "network", "network of a node in Gbit/s", [](Cells& c, Text t) { c.row.gbit = number(t); }},
      {{"run_id"}, "run", "rows of one run", [](Cells& c, Text t) { c.row.run = t; }},
      {{"nvls"}, "stack", "in-network reduction on or off",
       [](Cells& c, Text t) {
         if (t == "off") c.row.stack = "nvls off";
       }},
      {{"algo", "row_id", "source", "source_ref", "notes", "count", "redop", "root", "rank", "min_ms", "max_ms",
        "mean_ms", "std_ms", "max_devices_per_node", "oop_algbw_gbps", "oop_busbw_gbps", "ip_time_us",
        "ip_algbw_gbps", "ip_busbw_gbps", "outofplace_busbw_gbps", "inplace_time_us", "inplace_busbw_gbps",
        "outofplace_algbw_gbps", "inplace_algbw_gbps", "algbw_gbps", "wrong", "oop_wrong", "ip_wrong", "sheet", "links",
        "interconnect", "node_type"},
       "", "not needed", ignore},
  };
  return table;
}

const CollectiveColumn* find_column(const std::string& name) {
  const std::string wanted = lower(name);
  for (const CollectiveColumn& column : collective_columns()) {
    for (const std::string& known : column.names) {
      if (known == wanted) return &column;
    }
  }
  return nullptr;
}

}  // namespace orrery::calibrate
