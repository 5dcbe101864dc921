// `orrery train` on a scenario of kind sgd: the reference parameter server runs the scenario's variants for real on this
// machine, in real time, each beside what the simulator says for the same seed.
#pragma once

#include <string>
#include <vector>

#include "cli/verb.hpp"
#include "sim/base/json_io.hpp"

namespace orrery::cli {

struct TrainSgdOptions {
  std::string file;
  std::vector<std::string> overrides;
  std::string variant;   ///< kind or label of the only one to run; empty: all
  double minutes = 2.0;  ///< longest time that all runs together may take
  std::string out;       ///< folder for the records; empty: none
};

/// Whether the scenario's `kind` is sgd; whatever else may be wrong with it is found later.
bool is_sgd_scenario(const JsonDocument& document);

/// Called once by the user and then, by mpirun, in each rank. Throws ScenarioError for what cannot be run for real.
ExitCode train_sgd(const TrainSgdOptions& options);

}  // namespace orrery::cli
