// The one checker of every call into CUDA, cuBLASLt, cuDNN, CUPTI, NVML and NCCL: a status that is no success
// becomes a BackendError "<library>: <call> failed with code N: <text> [file:line]"; device memory that runs
// out becomes DoesNotFit, which a sweep records and goes on from. A library joins by specialising StatusOf
// for its status type; the macro then serves it too. After a kernel launch: CUDA_CHECK(cudaGetLastError()).
#pragma once

#include <cuda_runtime_api.h>

#include <string>

namespace orrery::cuda {

/// What a status type means. Members of each specialisation:
///   static constexpr const char* kLibrary;              the name in messages
///   static bool ok(Status);
///   static bool out_of_memory(Status);
///   static std::string text(Status);                    in the library's words
template <class Status>
struct StatusOf;

template <>
struct StatusOf<cudaError_t> {
  static constexpr const char* kLibrary = "CUDA";
  static bool ok(cudaError_t status) { return status == cudaSuccess; }
  static bool out_of_memory(cudaError_t status) { return status == cudaErrorMemoryAllocation; }
  /// Also clears CUDA's memory of the error, so that the next check of a launch does not find it again.
  /// (Errors that broke the context stay: CUDA reports them from every call.)
  static std::string text(cudaError_t status);
};

/// What the message is made of, apart from the status.
struct CallPlace {
  const char* call;
  const char* file;
  int line;
};

/// Throws DoesNotFit or BackendError. Not a template, so that .cu files need no formatting library.
[[noreturn]] void throw_failed_call(const char* library, const CallPlace& place, int code,
                                    const std::string& text, bool out_of_memory);

template <class Status>
void check(Status status, const CallPlace& place) {
  using Meaning = StatusOf<Status>;
  if (Meaning::ok(status)) return;
  throw_failed_call(Meaning::kLibrary, place, static_cast<int>(status), Meaning::text(status),
                    Meaning::out_of_memory(status));
}

}  // namespace orrery::cuda

// A macro, because the text of the call and its place belong into the message. The type of the status says
// which library it is; the other names only say so to the reader.
#define CUDA_CHECK(call) ::orrery::cuda::check((call), {#call, __FILE__, __LINE__})
#define CUBLAS_CHECK(call) CUDA_CHECK(call)
#define CUDNN_CHECK(call) CUDA_CHECK(call)
#define CUPTI_CHECK(call) CUDA_CHECK(call)
#define NVML_CHECK(call) CUDA_CHECK(call)
#define NCCL_CHECK(call) CUDA_CHECK(call)
