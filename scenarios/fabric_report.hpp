// The answer of a fabric profile (costmodel/fabric_profile.hpp) to one collective, as a plain value described
// once: JSON, CSV and the table are written from this. Keys end in their SI unit.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "scenarios/collective_report.hpp"
#include "sim/base/fields.hpp"

namespace orrery::scenario {

struct FabricCaseReport {
  std::int64_t size_bytes = 0, count = 0;
  std::string algorithm, protocol;
  double time_s = 0, time_low_s = 0, time_high_s = 0, rel_error = 0;
  double algbw_bytes_per_s = 0, busbw_bytes_per_s = 0;
  std::string source;
  double start_share = 0;
  std::string limit;
  double limit_bandwidth_bytes_per_s = 0, carried_bytes = 0, limit_utilisation = 0;
};
template <class V>
void fields(V& v, FabricCaseReport& c) {
  v("size_bytes", c.size_bytes,
    "S: one rank's buffer; all-gather and reduce-scatter: the total (nccl-tests)");
  v("count", c.count,
    "elements as nccl-tests counts them: of S, or of one rank's part where each rank has its own");
  v("algorithm", c.algorithm, "the cheapest by the model");
  v("protocol", c.protocol, "wire protocol, or the shots of an inference engine's kernel");
  v("time_s", c.time_s, "the profile's estimate");
  v("time_low_s", c.time_low_s, "80 % interval, from below");
  v("time_high_s", c.time_high_s, "80 % interval, to above");
  v("rel_error", c.rel_error, "one standard deviation of the logarithm of measured over estimated time");
  v("algbw_bytes_per_s", c.algbw_bytes_per_s, "S / time");
  v("busbw_bytes_per_s", c.busbw_bytes_per_s, "algbw times the factor of the kind (nccl-tests)");
  v("source", c.source,
    "\"fitted\" within what was measured, \"extrapolated\" beyond it, \"roofline\" from the datasheet");
  v("start_share", c.start_share, "launch, steps and latencies alone, as a share of the formula's time");
  v("limit", c.limit, "the slower level: its bandwidth sets the pace of the bytes");
  v("limit_bandwidth_bytes_per_s", c.limit_bandwidth_bytes_per_s,
    "its datasheet's bandwidth in one direction");
  v("carried_bytes", c.carried_bytes, "what it carries in one direction");
  v("limit_utilisation", c.limit_utilisation, "carried / (bandwidth * time)");
}

struct FabricReport {
  std::string orrery_version, system, network, stack, collective, dtype;
  std::int64_t ranks = 0, nodes = 0;
  std::vector<FabricCaseReport> cases;
  std::vector<CollectiveWhatIf> what_if;
  std::vector<std::string> tables;
  std::string note, verdict;
};
template <class V>
void fields(V& v, FabricReport& c) {
  v("orrery_version", c.orrery_version, "version of the program");
  v("system", c.system, "GPU and its form");
  v("network", c.network, "between the nodes");
  v("stack", c.stack,
    "software whose coefficients were fitted; empty: the datasheet with pooled coefficients");
  v("collective", c.collective, "the operation");
  v("dtype", c.dtype, "element type");
  v("ranks", c.ranks, "GPUs that take part");
  v("nodes", c.nodes, "over which they are spread evenly");
  v("cases", c.cases, "one per size");
  v("what_if", c.what_if, "one change at a time, for the largest size");
  v("tables", c.tables, "that the profile was fitted to");
  v("note", c.note, "of the profile, for people");
  v("verdict", c.verdict, "where the time of the largest size goes, as a sentence");
}

}  // namespace orrery::scenario
