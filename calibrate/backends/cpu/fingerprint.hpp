// What tells this machine and its software from another: the facts that stand in every file of measurements.
#pragma once

#include "calibrate/backend.hpp"

namespace orrery::cpu {

/// CPU model, cores, caches, memory, huge pages, kernel, oneDNN and the instruction set it chose, MPI,
/// compiler, the OPENBLAS_*, OMP_* and DNNL_* variables that are set, and whether this process is pinned to
/// one CPU.
calibrate::Fingerprint fingerprint();

}  // namespace orrery::cpu
