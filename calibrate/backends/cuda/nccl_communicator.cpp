#include "calibrate/backends/cuda/nccl_communicator.hpp"

#include "calibrate/backends/cuda/nccl_ranks.hpp"
#include "sim/base/error.hpp"

namespace orrery::cuda {

#if ORRERY_HAS_NCCL

std::unique_ptr<calibrate::Communicator> nccl_communicator(calibrate::Communicator& host,
                                                           cudaStream_t stream) {
  const auto stream_done = [stream] {
    const cudaError_t status = cudaStreamQuery(stream);
    if (status == cudaErrorNotReady) return false;
    CUDA_CHECK(status);
    return true;
  };
  return std::make_unique<NcclRanks>(Nccl::get(), host, stream, stream_done, NcclLimits::from_environment());
}

std::string nccl_version() {
  try {
    return Nccl::get().version();
  } catch (const BackendError&) {
    return "none";
  }
}

#else

std::unique_ptr<calibrate::Communicator> nccl_communicator(calibrate::Communicator&, cudaStream_t) {
  throw BackendError("NCCL: this build has none: no nccl.h was found when it was configured (set NCCL_ROOT)");
}

std::string nccl_version() {
  return "none";
}

#endif

}  // namespace orrery::cuda
