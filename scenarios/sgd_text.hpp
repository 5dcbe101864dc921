// The answer to an sgd scenario as a table that fits a screen, as Markdown, and as CSV: one line per variant and moment.
#pragma once

#include <string>
#include <vector>

#include "scenarios/sgd_report.hpp"
#include "scenarios/text_table.hpp"

namespace orrery::scenario {

std::string report_text(const SgdReport& report, const TextStyle& style);
std::string report_csv(const SgdReport& report);

struct ColumnHelp {
  std::string name, help;
};
/// The headings of the tables, for `orrery explain`.
std::vector<ColumnHelp> sgd_columns();

}  // namespace orrery::scenario
