// A RunReport as text: one screen for people, Markdown for documents, CSV for spreadsheets. The same content
// each.
#pragma once

#include <string>
#include <vector>

#include "scenarios/run_report.hpp"

namespace orrery::scenario {

/// At most 40 lines; ends with the bottleneck sentence. `foreign` says in one line each how this machine
/// differs from the profile's; empty means that the figures hold for this machine. `bold` marks titles for
/// terminals.
std::string report_table(const RunReport& report, bool here, bool bold = false);
std::string report_markdown(const RunReport& report, bool here);
/// Header "key,value", then one line per leaf of result.json without the lists of steps.
std::string report_csv(const RunReport& report);
/// result.json.
std::string report_json(const RunReport& report);

/// Where the time goes and what would help, or why the model does not fit.
std::string verdict(const RunReport& report);

/// Percentages with one decimal that sum to exactly 100.0 (largest remainders are rounded up).
std::vector<double> percentages(const std::vector<double>& parts);

}  // namespace orrery::scenario
