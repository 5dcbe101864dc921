// Tests that need a device begin with `if (!device_answers()) return;`: without one the first such test
// prints the reason behind "skipped: ", which ctest takes as the result of the whole binary.
#pragma once

#include <cuda_runtime_api.h>

#include <iostream>

namespace orrery::test {

inline bool device_answers() {
  static const bool answers = [] {
    int devices = 0;
    const cudaError_t status = cudaGetDeviceCount(&devices);
    if (status == cudaSuccess && devices > 0) return true;
    std::cout << "skipped: cudaGetDeviceCount: "
              << (status == cudaSuccess ? "no device" : cudaGetErrorString(status)) << " (" << status << ")"
              << std::endl;
    return false;
  }();
  return answers;
}

}  // namespace orrery::test
