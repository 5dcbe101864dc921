// Operators and compositions prepared for timing on the CPU, on buffers that rotate: what the CPU's backends
// hand out.
#pragma once

#include <memory>

#include "calibrate/backend.hpp"

namespace orrery::cpu {

/// Seconds that pass between two readings of the clock with nothing in between: the median of many.
Seconds clock_overhead();

/// One operator: buffers hold the numbers of calibrate::fill_operand and are touched once. At most about 1
/// GiB is allocated for rotation, whatever the reuse distance. The cost of reading the clock is subtracted;
/// kernels below a microsecond run several times within one timing, and `run` returns their mean. Throws
/// DoesNotFit where one set of buffers alone takes more than half of the machine's memory. REQUIRES:
/// has_kernel(op).
std::unique_ptr<calibrate::TimedOp> timed_kernel(const cost::Op& op, Bytes reuse_distance);

/// All steps in their order, on tensors that are allocated once. One core has no lanes: they run one after
/// the other, and `as_graph` changes nothing. Throws BackendError where a step has no kernel, DoesNotFit as
/// above.
std::unique_ptr<calibrate::TimedOp> timed_composition(const calibrate::Composition& composition);

}  // namespace orrery::cpu
