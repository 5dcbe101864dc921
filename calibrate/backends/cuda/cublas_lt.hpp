// cuBLASLt, looked up at run time: the functions that GEMMs need, as a table. `CublasLt::get()` loads it at
// the first call and throws BackendError where the library is missing.
#pragma once

#include <cublasLt.h>

#include <string>

#include "calibrate/backends/cuda/check.hpp"
#include "calibrate/backends/cuda/library_table.hpp"

#define ORRERY_CUBLASLT_FUNCTIONS(X)      \
  X(cublasLtCreate)                       \
  X(cublasLtGetVersion)                   \
  X(cublasLtGetStatusString)              \
  X(cublasLtMatmul)                       \
  X(cublasLtMatmulDescCreate)             \
  X(cublasLtMatmulDescDestroy)            \
  X(cublasLtMatmulDescSetAttribute)       \
  X(cublasLtMatrixLayoutCreate)           \
  X(cublasLtMatrixLayoutDestroy)          \
  X(cublasLtMatrixLayoutSetAttribute)     \
  X(cublasLtMatmulPreferenceCreate)       \
  X(cublasLtMatmulPreferenceDestroy)      \
  X(cublasLtMatmulPreferenceSetAttribute) \
  X(cublasLtMatmulAlgoGetHeuristic)       \
  X(cublasLtMatmulAlgoConfigGetAttribute)

namespace orrery::cuda {

struct CublasLt {
  ORRERY_CUBLASLT_FUNCTIONS(ORRERY_DECLARE_FUNCTION)
  std::string path;  ///< of the library's file

  static CublasLt load();
  static const CublasLt& get() { return loaded_once<CublasLt>(); }
  /// "13.0.2" for the fingerprint, of the library that was found, not of the headers.
  std::string version() const;
};

template <>
struct StatusOf<cublasStatus_t> {
  static constexpr const char* kLibrary = "cuBLASLt";
  static bool ok(cublasStatus_t status) { return status == CUBLAS_STATUS_SUCCESS; }
  static bool out_of_memory(cublasStatus_t status) { return status == CUBLAS_STATUS_ALLOC_FAILED; }
  static std::string text(cublasStatus_t status);
};

}  // namespace orrery::cuda
