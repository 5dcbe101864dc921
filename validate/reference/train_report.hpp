// The answer of a real training run on one screen: what was learned and where the time went.
#pragma once

#include <string>

#include "validate/reference/train_run.hpp"

namespace orrery::reference {

/// REQUIRES: the complete record, as rank 0 has it.
std::string report_text(const TrainRun& run);

}  // namespace orrery::reference
