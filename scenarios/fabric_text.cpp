#include "scenarios/fabric_text.hpp"

#include <fmt/format.h>

#include "scenarios/collective_text.hpp"

namespace orrery::scenario {
namespace {

std::string cases_table(const FabricReport& report, const TextStyle& style) {
  std::vector<TextRow> rows = style.header({"size", "count", "type", "algorithm", "time", "80 % interval", "algbw",
                                            "busbw", "source", "limit", "used"},
                                           {"(B)", "(elements)", "", "", "(us)", "(us)", "(GB/s)", "(GB/s)", "", "",
                                            ""});
  for (const FabricCaseReport& c : report.cases) {
    rows.push_back({std::to_string(c.size_bytes), std::to_string(c.count), report.dtype,
                    c.algorithm + " " + c.protocol, nccl_number(c.time_s * 1e6),
                    nccl_number(c.time_low_s * 1e6) + " to " + nccl_number(c.time_high_s * 1e6),
                    nccl_number(c.algbw_bytes_per_s * 1e-9), nccl_number(c.busbw_bytes_per_s * 1e-9),
                    c.source, c.limit, fmt::format("{:.0f} %", 100.0 * c.limit_utilisation)});
  }
  return style.table(rows);
}

}  // namespace

std::string report_text(const FabricReport& report, const TextStyle& style) {
  std::string text = style.markdown ? "# collective\n\n" : "collective\n";
  const std::string nodes =
      report.nodes > 1 ? fmt::format(" on {} nodes, {} between them", report.nodes, report.network) : "";
  text += style.line(
      fmt::format("{} on {} ranks of {}{}", report.collective, report.ranks, report.system, nodes));
  text += "\n" + cases_table(report, style);
  text += what_if_lines(report.what_if, style);
  text += style.title("Where this comes from");
  text += style.line(report.stack.empty() ? "datasheet, with coefficients pooled over other systems"
                                          : "coefficients and interpolated rest of " + report.stack);
  for (const std::string& table : report.tables) text += style.line("profile fitted to " + table);
  if (!report.note.empty()) text += style.line(report.note);
  text += style.line("orrery " + report.orrery_version);
  return text + "\n" + report.verdict + "\n";
}

std::string report_csv(const FabricReport& report) {
  std::string text =
      "size_bytes,count,dtype,algorithm,protocol,time_s,time_low_s,time_high_s,rel_error,algbw_bytes_per_s,"
      "busbw_bytes_per_s,source,start_share,limit,limit_bandwidth_bytes_per_s,carried_bytes,limit_"
      "utilisation\n";
  for (const FabricCaseReport& c : report.cases) {
    text += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},\"{}\",{},{},{}\n", c.size_bytes, c.count,
                        report.dtype, c.algorithm, c.protocol, c.time_s, c.time_low_s, c.time_high_s,
                        c.rel_error, c.algbw_bytes_per_s, c.busbw_bytes_per_s, c.source, c.start_share,
                        c.limit, c.limit_bandwidth_bytes_per_s, c.carried_bytes, c.limit_utilisation);
  }
  return text;
}

}  // namespace orrery::scenario
