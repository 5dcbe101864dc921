// The ranks of a job, one process per GPU, as a Communicator whose spans lie in device memory: NCCL moves the
// data, a host communicator (MPI, or one rank alone) introduces the ranks and says who is missing when
// something hangs.
#pragma once

#include <cuda_runtime_api.h>

#include <memory>
#include <string>

#include "calibrate/communicator.hpp"

namespace orrery::cuda {

/// Collective over all ranks of `host`, which outlives the result, as does `stream`, on the current device.
/// Waits for each collective to be done; the limit is 60 s or ORRERY_NCCL_TIMEOUT_S. Of the seam,
/// all_reduce_max, barrier and missing_after go over the host: they carry no device data. Throws
/// BackendError, also when this build or machine has no NCCL.
std::unique_ptr<calibrate::Communicator> nccl_communicator(calibrate::Communicator& host,
                                                           cudaStream_t stream);

/// "2.28.9" of the library found, or "none"; for the fingerprint.
std::string nccl_version();

}  // namespace orrery::cuda
