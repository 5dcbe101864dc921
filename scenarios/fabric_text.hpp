// A FabricReport as text: nccl-tests' columns with interval, source and limit for people, Markdown for
// documents, CSV for spreadsheets.
#pragma once

#include <string>

#include "scenarios/fabric_report.hpp"
#include "scenarios/text_table.hpp"

namespace orrery::scenario {

/// Ends with the verdict.
std::string report_text(const FabricReport& report, const TextStyle& style);
/// One line per case, numbers in SI units.
std::string report_csv(const FabricReport& report);

}  // namespace orrery::scenario
