// `orrery validate netlab`: calibrates on a small real network (scripts/netlab), predicts collectives on it, seals the
// predictions, runs the collectives there, compares.
#pragma once

#include <string>

#include "cli/verb.hpp"

namespace orrery::cli {

struct NetlabOptions {
  int ranks = 8;
  int repeats = 15;
  std::string rate = "100 Mbit/s";
  std::string script = "scripts/netlab";
  std::string out = "netlab";
};

/// Where the machine lacks something that the lab needs, says so and returns `done`: nothing was shown to be wrong.
ExitCode validate_netlab(const NetlabOptions& options);
/// What an earlier call left in `folder`.
ExitCode score_netlab_session(const std::string& folder);

}  // namespace orrery::cli
