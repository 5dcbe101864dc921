#include "calibrate/backends/cuda/check.hpp"

#include <fmt/core.h>

#include <string_view>

#include "calibrate/backend.hpp"
#include "sim/base/error.hpp"

namespace orrery::cuda {

std::string StatusOf<cudaError_t>::text(cudaError_t status) {
  cudaGetLastError();
  return std::string(cudaGetErrorString(status)) + " (" + cudaGetErrorName(status) + ")";
}

void throw_failed_call(const char* library, const CallPlace& place, int code, const std::string& text,
                       bool out_of_memory) {
  const std::string_view file = place.file;
  const std::string message = fmt::format("{}: {} failed with code {}: {} [{}:{}]", library, place.call, code,
                                          text, file.substr(file.rfind('/') + 1), place.line);
  if (out_of_memory) throw calibrate::DoesNotFit(message);
  throw BackendError(message);
}

}  // namespace orrery::cuda
