// Many scenarios from one file: the block `sweep` of a scenario says which values vary, and `expand` makes the list of
// points, each one the same document with a few values replaced. Pure: nothing is read or simulated here.
//
//   "sweep": {
//     "grid": {"batch": [64, 128], "plan.bucket": ["1 MiB", "4 MiB"]},      every combination
//     "lists": {"cluster.ranks": [1, 2], "plan.data_parallel": [1, 2]},     side by side: the first of each, the second, ...
//     "seeds": 3                                                            or a list of seeds
//   }
//
// The keys are those of `--set`. Order of the points: the first key of the grid changes slowest, then the lists, then the
// seeds. Every point gets the same seeds (common random numbers), so that differences between points are differences of
// what was varied and not of the draw.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sim/base/json_io.hpp"

namespace orrery::scenario {

struct SweepPoint {
  std::vector<std::pair<std::string, Json>> values;  ///< what differs, by key, in the order of the sweep
  /// The same as options "key=value" of --set: the point is what `orrery run FILE --set ...` answers.
  std::vector<std::string> overrides() const;
  /// "batch=64,plan.bucket=1MiB", also a file name: letters that file names should not have are replaced, and a name that
  /// is too long is cut, both with a hash behind it. Depends on the point's own values only.
  std::string name() const;
};

struct Sweep {
  JsonDocument base;  ///< the scenario without its `sweep` block
  std::vector<SweepPoint> points;
};

/// True when the document has a `sweep` block.
bool is_sweep(const JsonDocument& document);

/// Applies `overrides` and expands. Throws ScenarioError when there is no block `sweep`, it varies nothing, its lists
/// differ in length, two points would be equal, an override sets a key that is swept, or there are more than 100,000 points.
Sweep expand(JsonDocument document, const std::vector<std::string>& overrides = {});

}  // namespace orrery::scenario
