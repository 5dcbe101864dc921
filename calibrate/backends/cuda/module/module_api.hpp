// What the module liborrery_cuda.so offers to a program that loads it with dlopen, so that whoever works on
// the CPU needs neither CUDA nor a driver: two functions of C linkage, looked up by the names below. No CUDA
// header is needed here.
//
// Module and program are two halves of one build, made by one compiler against one C++ library: classes of
// ours (Backend, Communicator) are used, and exceptions of ours (BackendError, DoesNotFit) are thrown, across
// the boundary. Whoever loads it compares `orrery_cuda_abi()` with its own `module_abi()` first and calls
// nothing else where they differ. The module is never closed: CUDA's runtime does not survive that.
#pragma once

#include <memory>
#include <string>

#include "calibrate/backend.hpp"
#include "calibrate/communicator.hpp"

namespace orrery::cuda {

struct ModuleOptions {
  int device = 0;                  ///< as CUDA counts them
  bool search_algorithms = false;  ///< time several cuBLASLt algorithms for each product
};

inline constexpr const char* kModuleFile = "liborrery_cuda.so";

/// The text of module_abi() as the module was built.
inline constexpr const char* kAbiFunction = "orrery_cuda_abi";
using AbiFunction = const char* (*)();

/// Puts a CudaBackend into `backend`; `communicator` outlives it. Throws BackendError when there is no such
/// device or no driver, and leaves `backend` alone then.
inline constexpr const char* kMakeFunction = "orrery_cuda_make_backend";
using MakeFunction = void (*)(calibrate::Communicator& communicator, const ModuleOptions& options,
                              std::unique_ptr<calibrate::Backend>& backend);

/// Version, compiler and the sizes of what crosses the boundary: halves of different builds are told apart,
/// except where a change kept all of these. `version` is the project's.
inline std::string module_abi(const std::string& version) {
  std::string text = "orrery " + version + ", compiler " + __VERSION__ + ", layout";
  for (const std::size_t size : {sizeof(cost::Op), sizeof(cost::Conditions), sizeof(cost::CollectiveCase),
                                 sizeof(calibrate::Composition), sizeof(calibrate::CompositionStep),
                                 sizeof(calibrate::Telemetry), sizeof(ModuleOptions)}) {
    text += " " + std::to_string(size);
  }
  return text;
}

}  // namespace orrery::cuda
