// Rows of collective tables, pooled into what a fit works on: groups of one system, network and software stack, and in
// each group one point per kind, size, ranks and nodes, whose time is the median of its repeats.
#pragma once

#include <string>
#include <vector>

#include "calibrate/tables/collective_table.hpp"
#include "costmodel/fabric.hpp"

namespace orrery::calibrate {

struct FabricPoint {
  cost::FabricCase subject;
  double seconds = 0.0;
  std::vector<const CollectiveRow*> rows;
};

struct FabricGroup {
  cost::FabricSpec spec;
  std::string stack;  ///< as the table names it; "" = not stated
  std::string label;  ///< system, stack, network and its speed: for people
  std::vector<FabricPoint> points;  ///< ascending kind, bytes, ranks, nodes
  int rows = 0;
};

struct GroupedRows {
  std::vector<FabricGroup> groups;
  std::vector<std::string> unknown;  ///< systems without a datasheet here: their rows are left out
  int unknown_rows = 0;
};

/// `by_run` keeps the runs of a benchmark apart (each may be another machine). More than 80 sizes are a dense sweep and are
/// pooled by quarter octaves, or sizes would be predicted from their own neighbours. The rows must outlive it.
GroupedRows group_rows(const std::vector<CollectiveRow>& rows, bool by_run = false);

}  // namespace orrery::calibrate
