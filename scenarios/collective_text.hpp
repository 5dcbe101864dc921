// A CollectiveReport as text: nccl-tests' columns with algorithm and bottleneck for people, Markdown for documents, CSV
// for spreadsheets. The same content each.
#pragma once

#include <string>
#include <vector>

#include "scenarios/collective_report.hpp"
#include "scenarios/text_table.hpp"

namespace orrery::scenario {

/// Ends with the verdict. `with_candidates`: also what was compared for auto, at each size.
std::string report_text(const CollectiveReport& report, const TextStyle& style, bool with_candidates = false);
/// One line for each change; empty without any.
std::string what_if_lines(const std::vector<CollectiveWhatIf>& changes, const TextStyle& style);
/// One line per case, numbers in SI units.
std::string report_csv(const CollectiveReport& report);

}  // namespace orrery::scenario
