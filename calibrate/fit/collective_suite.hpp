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

/// `within_nodes`: sizes held out. `more_nodes`: the largest number of nodes from fewer. `other_fabrics`: fabrics held out.
/// What they have to be is said by validate/collective_goals.hpp.
struct CollectiveSuite {
  std::vector<SuitePart> parts;
  ErrorSummary within_nodes, more_nodes, other_fabrics;
  std::vector<std::string> skipped;
};

CollectiveSuite score_collectives(const std::vector<SuiteFile>& files,
                                  const std::vector<cost::FabricProfile>& profiles);

/// The table, and what was skipped.
std::string suite_text(const CollectiveSuite& suite);

}  // namespace orrery::calibrate
