// Tables of measured collectives in the forms in which people publish them, read into one kind of row. A form is known
// by its header (collective_columns.hpp says which column holds what, in which unit). Texts
// in, rows out: files are opened by the caller. docs/collective-costs.md lists the forms.
#pragma once

#include <string>
#include <vector>

#include "costmodel/collective.hpp"
#include "costmodel/fabric.hpp"

namespace orrery::calibrate {

/// One measured time.
struct CollectiveRow {
  std::string system;   ///< GPU as the table writes it
  std::string stack;    ///< library and version, or framework kernel; empty = not stated
  std::string network;  ///< what the table says of the wires between nodes
  std::string run;      ///< rows of one run of a benchmark share it
  double gbit = 0.0;    ///< network of a node in Gbit/s; 0 = not stated
  std::string dtype;
  cost::FabricCase subject;
  double seconds = 0.0;
  int line = 0;  ///< in the file, from 1
};

struct CollectiveTable {
  std::string form;  ///< name of the recognised form
  std::vector<CollectiveRow> rows;
  int skipped = 0;  ///< rows without a usable time, or of a kind of which there is no cost
};

/// Throws ScenarioError "file:line: ..." when no form has this header (naming the nearest one and the column that is
/// missing or unknown) or a cell is malformed.
CollectiveTable read_collectives(const std::string& text, const std::string& file_name);

/// Names of the forms, for messages and docs.
std::vector<std::string> collective_forms();

}  // namespace orrery::calibrate
