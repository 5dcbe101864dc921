#include "calibrate/backends/cuda/nccl.hpp"

#if ORRERY_HAS_NCCL

#include <fmt/core.h>

#include "calibrate/dynamic_library.hpp"

namespace orrery::cuda {

Nccl Nccl::load() {
  const auto library = calibrate::DynamicLibrary::open({.name = "NCCL", .sonames = {"libnccl.so.2"}});
  Nccl table;
  ORRERY_NCCL_FUNCTIONS(ORRERY_BIND_FUNCTION)
  table.path = library.path();
  return table;
}

std::string Nccl::version() const {
  int number = 0;  // 22809: major * 10000 + minor * 100 + patch, since 2.9
  NCCL_CHECK(ncclGetVersion(&number));
  return fmt::format("{}.{}.{}", number / 10000, number / 100 % 100, number % 100);
}

std::string StatusOf<ncclResult_t>::text(ncclResult_t status) {
  return Nccl::get().ncclGetErrorString(status);
}

}  // namespace orrery::cuda

#endif
