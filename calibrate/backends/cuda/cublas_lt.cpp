#include "calibrate/backends/cuda/cublas_lt.hpp"

#include <fmt/core.h>

#include "calibrate/dynamic_library.hpp"

namespace orrery::cuda {

CublasLt CublasLt::load() {
  // The major version of the headers only: another one may lay out its structures differently.
  const auto library = calibrate::DynamicLibrary::open(
      {.name = "CUBLASLT", .sonames = {fmt::format("libcublasLt.so.{}", CUBLAS_VER_MAJOR)}});
  CublasLt table;
  ORRERY_CUBLASLT_FUNCTIONS(ORRERY_BIND_FUNCTION)
  table.path = library.path();
  return table;
}

std::string CublasLt::version() const {
  const std::size_t number = cublasLtGetVersion();  // 130002: major * 10000 + minor * 100 + patch
  return fmt::format("{}.{}.{}", number / 10000, number / 100 % 100, number % 100);
}

std::string StatusOf<cublasStatus_t>::text(cublasStatus_t status) {
  return CublasLt::get().cublasLtGetStatusString(status);
}

}  // namespace orrery::cuda
