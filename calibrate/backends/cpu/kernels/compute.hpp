// One execution of an operator on given numbers: how the CPU kernels serve as the reference that other
// backends are checked against.
#pragma once

#include "calibrate/backend.hpp"

namespace orrery::cpu {

/// As Backend::compute: values are rounded to the operands' types, what the kernel writes comes back.
/// REQUIRES: as `execute`.
void compute(const cost::Op& op, calibrate::OperandValues& values);

}  // namespace orrery::cpu
