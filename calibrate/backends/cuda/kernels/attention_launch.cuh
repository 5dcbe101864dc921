// Chooses the instantiation of an attention kernel: the element type from the operator's dtype, the padded
// head_dim (64, 128 or 256) from its head_dim; and lets a kernel use more shared memory than the 48 KiB that
// need no asking.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstddef>

#include "calibrate/backends/cuda/check.hpp"
#include "costmodel/op.hpp"

namespace orrery::cuda {

/// Calls launcher.run<T, kDim>().
template <class T, class Launcher>
void dispatch_dim(int head_dim, const Launcher& launcher) {
  if (head_dim <= 64) {
    launcher.template run<T, 64>();
  } else if (head_dim <= 128) {
    launcher.template run<T, 128>();
  } else {
    launcher.template run<T, 256>();
  }
}

template <class Launcher>
void dispatch(cost::DType dtype, int head_dim, const Launcher& launcher) {
  switch (dtype) {
    case cost::DType::fp16:
      return dispatch_dim<__half>(head_dim, launcher);
    case cost::DType::bf16:
      return dispatch_dim<__nv_bfloat16>(head_dim, launcher);
    default:
      return dispatch_dim<float>(head_dim, launcher);
  }
}

/// Once for each kernel; a failure is tried again at the next call.
template <auto kKernel>
void allow_shared_memory(std::size_t bytes) {
  static const bool allowed = [&] {
    CUDA_CHECK(
        cudaFuncSetAttribute(kKernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(bytes)));
    return true;
  }();
  static_cast<void>(allowed);
}

}  // namespace orrery::cuda
