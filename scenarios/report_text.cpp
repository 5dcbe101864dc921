#include "scenarios/report_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "scenarios/text_table.hpp"
#include "sim/base/json_io.hpp"
#include "sim/base/unit_text.hpp"

namespace orrery::scenario {
namespace {

std::string time_text(double seconds) {
  return human(Seconds(seconds));
}
std::string size_text(std::int64_t bytes) {
  return human(Bytes(static_cast<double>(bytes)));
}

std::vector<std::pair<std::string, double>> parts_of(const BreakdownReport& b) {
  return {{"forward", b.forward_s},
          {"backward", b.backward_s},
          {"exposed communication", b.exposed_communication_s},
          {"update", b.update_s},
          {"waiting", b.waiting_s}};
}

std::string step_block(const RunReport& report, const Prediction& p, const TextStyle& style) {
  std::string text = style.title("Step");
  text +=
      style.table({{"", "predicted", "80 % interval"},
                   {"step time", time_text(p.step_time_s),
                    time_text(p.step_time_low_s) + " to " + time_text(p.step_time_high_s)},
                   {"throughput", fmt::format("{} samples/s", grouped(std::llround(p.samples_per_s))), ""},
                   {"work per rank", human(FlopsPerSec(p.flops_per_s)), ""}});
  std::vector<double> seconds;
  for (const auto& [name, part] : parts_of(p.breakdown)) seconds.push_back(part);
  const std::vector<double> shares = percentages(seconds);
  std::vector<TextRow> rows = {{"critical rank", "time", "share"}};
  for (const auto& [name, part] : parts_of(p.breakdown)) {
    rows.push_back({name, time_text(part), fmt::format("{:.1f} %", shares[rows.size() - 1])});
  }
  const double sum = std::accumulate(seconds.begin(), seconds.end(), 0.0);
  rows.push_back(
      {"sum", time_text(sum), fmt::format("{:.1f} %", std::accumulate(shares.begin(), shares.end(), 0.0))});
  text += "\n" + style.table(rows) + "\n";
  if (report.buckets > 0) {
    text += style.line(fmt::format("communication {} in {} bucket{}, {:.0f} % hidden",
                                   time_text(p.communication_s), report.buckets,
                                   report.buckets == 1 ? "" : "s", 100.0 * p.overlap));
  }
  std::string changes;
  for (const WhatIf& change : p.what_if) {
    changes += fmt::format("{}{} {} ({:+.1f} %)", changes.empty() ? "" : ", ", change.faster,
                           time_text(change.step_time_s), 100.0 * change.relative_change);
  }
  if (!changes.empty())
    text += style.line(fmt::format("{:g}x faster: {}", p.what_if.front().speedup, changes));
  return text;
}

std::string memory_block(const MemoryReport& memory, const TextStyle& style) {
  std::vector<TextRow> rows = {{"memory of one rank", "size"}};
  for (const MemoryPart& part : memory.parts) {
    if (part.bytes > 0) rows.push_back({part.category, size_text(part.bytes)});
  }
  std::string verdict = size_text(memory.total_bytes);
  if (memory.available_bytes) {
    verdict +=
        fmt::format(" of {}{}", size_text(*memory.available_bytes), memory.fits ? "" : ": DOES NOT FIT");
  }
  rows.push_back({"sum", verdict});
  return "\n" + style.table(rows);
}

std::string provenance_block(const RunReport& report, bool here, const TextStyle& style) {
  std::string text = style.title("Where this comes from");
  text += style.line(fmt::format("profile of {}, {}, fingerprint {}", report.profile.device,
                                 report.profile.date, report.profile.fingerprint));
  text += style.line(here ? "measured on this machine"
                          : "These figures are NOT this machine's; `orrery calibrate measure` measures it");
  if (report.prediction) {
    std::string sources;
    for (const SourceReport& source : report.prediction->sources) {
      if (source.share < 5e-4) continue;
      sources +=
          fmt::format("{}{} {:.0f} %", sources.empty() ? "" : ", ", source.source, 100.0 * source.share);
    }
    const UncertaintyReport& u = report.prediction->uncertainty;
    text += style.line("step time rests on estimates: " + sources);
    text += style.line(
        fmt::format("uncertainty (1 sd): {:.1f} % = models {:.1f} %, drift {:.1f} %, sampling {:.1f} %",
                    100 * u.total, 100 * u.model, 100 * u.drift, 100 * u.sampling));
  }
  return text + style.line(fmt::format("scenario {}, profile {}, seed {}, orrery {}", report.scenario_hash,
                                       report.profile.content_hash, report.seed, report.orrery_version));
}

std::string report_text(const RunReport& report, bool here, const TextStyle& style) {
  std::string text = style.markdown ? "# " + report.scenario + "\n\n" : report.scenario + "\n";
  if (!report.question.empty()) text += style.line(report.question);
  text += style.line(fmt::format("{}, {} parameters, {}; {} rank{}, batch {}, {} steps", report.model,
                                 grouped(report.parameters), report.optimizer, report.ranks,
                                 report.ranks == 1 ? "" : "s", report.batch, report.steps));
  if (report.prediction) text += step_block(report, *report.prediction, style);
  text += memory_block(report.memory, style);
  text += provenance_block(report, here, style);
  return text + "\n" + verdict(report) + "\n";
}

}  // namespace

std::vector<double> percentages(const std::vector<double>& parts) {
  const double sum = std::accumulate(parts.begin(), parts.end(), 0.0);
  if (!(sum > 0.0)) return std::vector<double>(parts.size(), 0.0);
  // In tenths of a percent: round down, then give the missing tenths to the largest remainders.
  std::vector<std::int64_t> tenths;
  std::vector<std::pair<double, std::size_t>> remainders;
  std::int64_t missing = 1000;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const double exact = 1000.0 * parts[i] / sum;
    tenths.push_back(static_cast<std::int64_t>(std::floor(exact)));
    remainders.emplace_back(-(exact - std::floor(exact)), i);
    missing -= tenths.back();
  }
  std::sort(remainders.begin(), remainders.end());
  for (std::size_t i = 0; i < remainders.size() && missing > 0; ++i, --missing)
    ++tenths[remainders[i].second];
  std::vector<double> result;
  for (const std::int64_t tenth : tenths) result.push_back(static_cast<double>(tenth) / 10.0);
  return result;
}

std::string verdict(const RunReport& report) {
  if (report.prediction) return report.prediction->bottleneck;
  const auto& parts = report.memory.parts;
  const auto largest = std::max_element(
      parts.begin(), parts.end(), [](const MemoryPart& a, const MemoryPart& b) { return a.bytes < b.bytes; });
  return fmt::format("Does not fit: a rank needs {} and has {}. The largest part is {} ({}).",
                     size_text(report.memory.total_bytes),
                     size_text(report.memory.available_bytes.value_or(0)), largest->category,
                     size_text(largest->bytes));
}

std::string report_table(const RunReport& report, bool here, bool bold) {
  return report_text(report, here, TextStyle{false, bold});
}

std::string report_markdown(const RunReport& report, bool here) {
  return report_text(report, here, TextStyle{true, false});
}

std::string report_csv(const RunReport& report) {
  RunReport short_report = report;
  if (short_report.prediction) short_report.prediction->step_times_s.clear();
  std::string text = "key,value\n";
  for (const auto& [path, value] : flatten_fields(short_report)) {
    if (path == "prediction.step_times_s") continue;
    text += path + "," + csv_field(value) + "\n";
  }
  return text;
}

std::string report_json(const RunReport& report) {
  return write_json(report).dump(2) + "\n";
}

}  // namespace orrery::scenario
