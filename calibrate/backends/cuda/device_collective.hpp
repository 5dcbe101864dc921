// Collectives over device memory, timed: the CUDA side of calibrate/timed_collective.hpp.
#pragma once

#include <cuda_runtime_api.h>

#include <memory>

#include "calibrate/backend.hpp"
#include "calibrate/communicator.hpp"

namespace orrery::cuda {

/// Over all ranks of `group` (of nccl_communicator.hpp, on `stream`), none: this rank takes no part. The time
/// lies between two events on `stream`: from the common start to the end of this rank's part. Throws
/// DoesNotFit.
std::unique_ptr<calibrate::TimedOp> timed_device_collective(const cost::CollectiveCase& collective,
                                                            std::unique_ptr<calibrate::Communicator> group,
                                                            cudaStream_t stream);

}  // namespace orrery::cuda
