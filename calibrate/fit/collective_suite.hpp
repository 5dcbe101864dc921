// `orrery validate collectives`: every known table of a folder, predicted and scored. In-node tables are predicted with
// each size left out; multi-node logs from datasheets with one stack coefficient fitted on the other fabrics; growth with
// nodes from the smaller node counts; and tables that no committed profile was fitted on, from the committed profiles.
// Pure: texts and profiles in, figures out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "calibrate/fit/fabric_scores.hpp"
#include "costmodel/fabric_profile.hpp"

namespace orrery::calibrate {

struct SuiteFile {
  std::string path;  ///< below the data folder
  std::optional<std::string> text;
  std::string problem;  ///< why there is no text
};

/// The tables that the suite knows, in the order of its report.
std::vector<std::string> suite_paths();

struct SuitePart {
  std::string file, what;  ///< "in-node, leave one size out"
  ErrorSummary errors;
  std::vector<std::pair<std::string, ErrorSummary>> kinds;
};

struct SuiteGoal {
  std::string name;
  double value = 0.0, limit = 0.0;
  int n = 0;  ///< rows behind it; 0 = its tables were not there
  bool is_met() const { return n == 0 || value <= limit; }
};

struct CollectiveSuite {
  std::vector<SuitePart> parts;
  std::vector<SuiteGoal> goals;
  std::vector<std::string> skipped;
  bool passed() const;
};

CollectiveSuite score_collectives(const std::vector<SuiteFile>& files,
                                  const std::vector<cost::FabricProfile>& profiles);

/// Table, goals, what was skipped, and as the last line `headline: ...`.
std::string suite_text(const CollectiveSuite& suite);

}  // namespace orrery::calibrate
