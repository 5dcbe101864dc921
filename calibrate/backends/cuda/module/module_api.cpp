#include "calibrate/backends/cuda/module/module_api.hpp"

#include "calibrate/backends/cuda/cuda_backend.hpp"

extern "C" const char* orrery_cuda_abi() {
  static const std::string text = orrery::cuda::module_abi(ORRERY_VERSION);
  return text.c_str();
}

extern "C" void orrery_cuda_make_backend(orrery::calibrate::Communicator& communicator,
                                         const orrery::cuda::ModuleOptions& options,
                                         std::unique_ptr<orrery::calibrate::Backend>& backend) {
  orrery::cuda::CudaOptions cuda;
  cuda.device = options.device;
  cuda.search_algorithms = options.search_algorithms;
  backend = std::make_unique<orrery::cuda::CudaBackend>(communicator, cuda);
}
