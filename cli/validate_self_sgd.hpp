// `orrery validate self-sgd`: measures what the machine takes beside the compute times, predicts the variants of parallel
// SGD, seals the predictions, runs the reference parameter server, compares.
#pragma once

#include <string>

#include "cli/real_runs.hpp"
#include "cli/verb.hpp"

namespace orrery::cli {

struct SelfSgdOptions {
  int learners = 4;
  double seconds = 15.0;  ///< length of each run
  int repeats = 2;
  std::string out = "self_sgd";
};

/// Where mpirun is missing, says so and returns `done`: nothing was shown to be wrong.
ExitCode validate_self_sgd(const SelfSgdOptions& options);
/// What an earlier call left in `folder`.
ExitCode score_self_sgd_session(const std::string& folder);
/// In a rank: reads SelfSgdWork from the job's input; rank 0 writes one SelfSgdRun per line to its record, the file
/// growing with each run.
void run_self_sgd_ranks(const ChildJob& job);

}  // namespace orrery::cli
