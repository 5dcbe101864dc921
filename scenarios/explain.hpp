// What a key means: taken from the same descriptions that read and write it, so explanations cannot fall
// behind.
#pragma once

#include <string>
#include <vector>

#include "sim/base/json_io.hpp"

namespace orrery::scenario {

struct Explanation {
  std::string place;  ///< "result.json", "scenario", "measurements.csv"
  std::string path;   ///< "prediction.breakdown.forward_s"
  std::string help;
};

/// One entry per described key of a JSON schema, in order.
std::vector<Explanation> explanations(const Json& schema, const std::string& place);

/// Keys of result.json and of the scenario.
std::vector<Explanation> known_explanations();

/// Entries whose path is `key` or ends in `.key`. Throws ScenarioError with the
/// nearest key when there is none.
std::vector<Explanation> explain(const std::string& key, const std::vector<Explanation>& known);

}  // namespace orrery::scenario
