#include "scenarios/collective_text.hpp"

#include <fmt/format.h>

#include "sim/base/json_io.hpp"
#include "sim/base/unit_text.hpp"

namespace orrery::scenario {
namespace {

std::string cases_table(const CollectiveReport& report, const TextStyle& style) {
  std::vector<TextRow> rows = style.header(
      {"size", "count", "type", "algorithm", "time", "algbw", "busbw", "of bound", "bottleneck", "used"},
      {"(B)", "(elements)", "", "", "(us)", "(GB/s)", "(GB/s)", "", "", ""});
  for (const CollectiveCaseReport& c : report.cases) {
    rows.push_back({std::to_string(c.size_bytes), std::to_string(c.count), report.dtype,
                    c.algorithm + (c.automatic ? " (auto)" : ""), nccl_number(c.time_s * 1e6),
                    nccl_number(c.algbw_bytes_per_s * 1e-9), nccl_number(c.busbw_bytes_per_s * 1e-9),
                    c.time_s > 0.0 ? fmt::format("{:.0f} %", 100.0 * c.bound_s / c.time_s) : "",
                    c.bottleneck.empty() ? "-" : c.bottleneck,
                    fmt::format("{:.0f} %", 100.0 * c.bottleneck_utilisation)});
  }
  return style.table(rows);
}

std::string candidates_tables(const CollectiveReport& report, const TextStyle& style) {
  std::string text;
  for (const CollectiveCaseReport& c : report.cases) {
    if (c.candidates.empty()) continue;
    std::vector<TextRow> rows = {{"candidates for " + human(Bytes(static_cast<double>(c.size_bytes))),
                                  "simulated", "formula without sharing"}};
    for (const CandidateReport& candidate : c.candidates) {
      rows.push_back({candidate.algorithm, candidate.time_s ? human(Seconds(*candidate.time_s)) : "-",
                      candidate.closed_form_s ? human(Seconds(*candidate.closed_form_s)) : "-"});
    }
    text += "\n" + style.table(rows);
  }
  return text;
}

}  // namespace

std::string what_if_lines(const std::vector<CollectiveWhatIf>& changes, const TextStyle& style) {
  std::string text;
  for (const CollectiveWhatIf& change : changes) {
    text += style.line(fmt::format("{}: {} ({:+.1f} %)", change.change, human(Seconds(change.time_s)),
                                   100.0 * change.relative_change));
  }
  return text.empty() ? text : "\n" + text;
}

std::string report_text(const CollectiveReport& report, const TextStyle& style, bool with_candidates) {
  std::string text = style.markdown ? "# " + report.scenario + "\n\n" : report.scenario + "\n";
  if (!report.question.empty()) text += style.line(report.question);
  text += style.line(fmt::format("{} on {} ranks, {} with {} hosts", report.collective, report.ranks,
                                 report.topology, report.hosts));
  text += "\n" + cases_table(report, style);
  if (with_candidates) text += candidates_tables(report, style);
  text += what_if_lines(report.what_if, style);
  text += style.title("Where this comes from");
  std::string sources;
  for (const CollectiveCaseReport& c : report.cases) {
    if (sources.find(c.source) == std::string::npos) sources += (sources.empty() ? "" : "; ") + c.source;
  }
  text += style.line("every number: " + sources);
  text += style.line(fmt::format("scenario {}, seed {}, orrery {}", report.scenario_hash, report.seed,
                                 report.orrery_version));
  return text + "\n" + report.verdict + "\n";
}

std::string report_csv(const CollectiveReport& report) {
  const auto quoted = [](const std::string& words) { return csv_field(Json(words).dump()); };
  std::string text =
      "size_bytes,count,dtype,algorithm,automatic,time_s,algbw_bytes_per_s,busbw_bytes_per_s,bound_s,"
      "bottleneck,"
      "bottleneck_utilisation,fidelity,source\n";
  for (const CollectiveCaseReport& c : report.cases) {
    text += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{}\n", c.size_bytes, c.count, report.dtype,
                        quoted(c.algorithm), c.automatic, c.time_s, c.algbw_bytes_per_s, c.busbw_bytes_per_s,
                        c.bound_s, quoted(c.bottleneck), c.bottleneck_utilisation, c.fidelity,
                        quoted(c.source));
  }
  return text;
}

}  // namespace orrery::scenario
