// The CUDA backend as the program sees it: a module of its own, loaded when it is asked for and not before,
// so that everything else starts fast and without a driver.
#pragma once

#include <functional>
#include <memory>

#include "calibrate/backends/cuda/module/module_api.hpp"

namespace orrery::cli {

class CudaModule {
 public:
  /// Loads the file that ORRERY_CUDA_MODULE names, otherwise liborrery_cuda.so beside this program. Throws
  /// BackendError that says how to get it when it is missing, does not load, or comes from another build.
  static CudaModule load();

  /// `communicator` outlives the backend. Throws BackendError when there is no such device or no driver.
  std::unique_ptr<calibrate::Backend> make_backend(calibrate::Communicator& communicator,
                                                   const cuda::ModuleOptions& options) const;

 private:
  explicit CudaModule(cuda::MakeFunction make) : make_(make) {}
  cuda::MakeFunction make_;
};

/// The value of an environment variable, or null.
using Environment = std::function<const char*(const char* name)>;

/// The device of a rank: its number among the ranks of its node, by mpirun's or Slurm's word, otherwise its
/// rank; 0 where the launcher shows each rank one device only.
int device_of_rank(int rank, const Environment& environment);

}  // namespace orrery::cli
