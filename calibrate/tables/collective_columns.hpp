// What a column of a published table means, by its name: many projects write the same dozen quantities under other names
// and units. One list of names serves every form; a form adds only what is peculiar to it (collective_table.cpp).
#pragma once

#include <string>
#include <vector>

#include "calibrate/tables/collective_table.hpp"

namespace orrery::calibrate {

/// Cells of one line before they make sense together.
struct CollectiveCells {
  CollectiveRow row;
  std::string framework, version;
  double elements = 0.0;   ///< size in elements of `row.dtype`
  double per_node = 0.0;   ///< ranks of one node
  double busbw_gbps = 0.0;
  bool has_kind = false, has_ranks = false, has_nodes = false;
  bool is_usable = true;   ///< false: a kind of which there is no cost
};

struct CollectiveColumn {
  std::vector<std::string> names;
  std::string role;  ///< "system", "size", "time", ...: a table needs a size, ranks and a time
  std::string help;
  void (*read)(CollectiveCells& cells, const std::string& cell);  ///< throws ExpectedCell
};

/// What a malformed cell should have held.
struct ExpectedCell {
  std::string text;
};

const std::vector<CollectiveColumn>& collective_columns();
/// Column of that name in any case, or nullptr.
const CollectiveColumn* find_column(const std::string& name);

}  // namespace orrery::calibrate
