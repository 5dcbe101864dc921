// The CUDA module as a program loads it: without a driver, and without any CUDA library at its side.
#include <cuda_runtime_api.h>
#include <catch2/catch.hpp>

#include "calibrate/dynamic_library.hpp"

TEST_CASE("the module loads without a driver and knows its toolkit") {
  setenv("ORRERY_MODULE_LIBRARY", ORRERY_BINARY_DIR "/liborrery_cuda.so", 1);
  const auto module = orrery::calibrate::DynamicLibrary::open({"MODULE", {"liborrery_cuda.so"}});
  CHECK(module.symbol<int (*)()>("orrery_cuda_toolkit_version")() == CUDART_VERSION);
}
