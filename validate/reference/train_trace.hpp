// A recorded run as files that people open: a table of all time spans, and a trace of the same type and with
// the same tracks as the simulator's, so that prediction and reality lie side by side in the viewer.
#pragma once

#include <string>

#include "sim/observe/trace.hpp"
#include "validate/reference/train_run.hpp"

namespace orrery::reference {

/// "step,rank,part,begin_s,end_s": input, forward, backward, bucket0, ..., update.
std::string spans_csv(const TrainRun& run);

/// "step,loss".
std::string losses_csv(const TrainRun& run);

/// Tracks "rank r" / "compute" and "rank r" / "communication". Steps whose operators were timed show them;
/// the other steps show their phases.
observe::Trace to_trace(const TrainRun& run);

}  // namespace orrery::reference
