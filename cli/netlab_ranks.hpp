// The part of `validate netlab` that runs on the lab's hosts: a small collective benchmark. Each case's plan is executed
// on real buffers, and its sums are checked.
#pragma once

#include <string>

namespace orrery::cli {

/// In a rank: reads NetlabWork from the file `input`; rank 0 writes one NetlabRun per line to the file `record`.
void run_netlab_ranks(const std::string& input, const std::string& record);

}  // namespace orrery::cli
