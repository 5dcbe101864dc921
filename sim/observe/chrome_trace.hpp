// Writes a Trace in the Chrome Trace Event format (JSON object form), which Perfetto and chrome://tracing
// open. Returns bytes; the caller compresses and stores them. Same trace, same bytes.
#pragma once

#include <string>

#include "sim/observe/trace.hpp"

namespace orrery::observe {

/// One event per line. Times are in microseconds with three decimals, i.e. exact nanoseconds. Processes and
/// threads are numbered from 1 in order of their first track and named by metadata events; spans are "X"
/// events, counters "C", an arrow is the pair "s" and "f" (binding to the enclosing span) with a common id.
std::string chrome_trace(const Trace& trace);

}  // namespace orrery::observe
