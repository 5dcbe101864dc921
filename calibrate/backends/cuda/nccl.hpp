// NCCL, looked up at run time: the functions that collectives need, as a table. `Nccl::get()` loads it at the
// first call and throws BackendError where the library is missing. Empty where the build found no nccl.h.
#pragma once

#if ORRERY_HAS_NCCL

#include <nccl.h>

#include <string>

#include "calibrate/backends/cuda/check.hpp"
#include "calibrate/backends/cuda/library_table.hpp"

#define ORRERY_NCCL_FUNCTIONS(X) \
  X(ncclGetVersion)              \
  X(ncclGetUniqueId)             \
  X(ncclGetErrorString)          \
  X(ncclGetLastError)            \
  X(ncclCommInitRankConfig)      \
  X(ncclCommFinalize)            \
  X(ncclCommDestroy)             \
  X(ncclCommAbort)               \
  X(ncclCommGetAsyncError)       \
  X(ncclAllReduce)               \
  X(ncclReduceScatter)           \
  X(ncclAllGather)               \
  X(ncclBroadcast)               \
  X(ncclSend)                    \
  X(ncclRecv)

namespace orrery::cuda {

struct Nccl {
  ORRERY_NCCL_FUNCTIONS(ORRERY_DECLARE_FUNCTION)
  std::string path;  ///< of the library's file

  static Nccl load();
  static const Nccl& get() { return loaded_once<Nccl>(); }
  /// "2.28.9" for the fingerprint, of the library that was found, not of the header.
  std::string version() const;
};

template <>
struct StatusOf<ncclResult_t> {
  static constexpr const char* kLibrary = "NCCL";
  static bool ok(ncclResult_t status) { return status == ncclSuccess; }
  static bool out_of_memory(ncclResult_t) { return false; }  // NCCL does not say it apart from other failures
  static std::string text(ncclResult_t status);
};

}  // namespace orrery::cuda

#endif
