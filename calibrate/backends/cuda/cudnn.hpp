// cuDNN, looked up at run time: its graph interface (cudnn_graph.h, the backend descriptors), as a table.
// `Cudnn::get()` loads it at the first call and throws BackendError where the library is missing.
#pragma once

#include <cudnn_graph.h>

#include <string>

#include "calibrate/backends/cuda/check.hpp"
#include "calibrate/backends/cuda/library_table.hpp"

#define ORRERY_CUDNN_FUNCTIONS(X)  \
  X(cudnnCreate)                   \
  X(cudnnSetStream)                \
  X(cudnnGetVersion)               \
  X(cudnnGetErrorString)           \
  X(cudnnGetLastErrorString)       \
  X(cudnnBackendCreateDescriptor)  \
  X(cudnnBackendDestroyDescriptor) \
  X(cudnnBackendSetAttribute)      \
  X(cudnnBackendGetAttribute)      \
  X(cudnnBackendFinalize)          \
  X(cudnnBackendExecute)

namespace orrery::cuda {

struct Cudnn {
  ORRERY_CUDNN_FUNCTIONS(ORRERY_DECLARE_FUNCTION)
  std::string path;  ///< of the library's file

  static Cudnn load();
  static const Cudnn& get() { return loaded_once<Cudnn>(); }
  /// "9.19.0" for the fingerprint, of the library that was found, not of the headers.
  std::string version() const;
};

template <>
struct StatusOf<cudnnStatus_t> {
  static constexpr const char* kLibrary = "cuDNN";
  static bool ok(cudnnStatus_t status) { return status == CUDNN_STATUS_SUCCESS; }
  static bool out_of_memory(cudnnStatus_t status) {
    return status == CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED;
  }
  /// With what cuDNN says about its last failure beyond the code.
  static std::string text(cudnnStatus_t status);
};

}  // namespace orrery::cuda
