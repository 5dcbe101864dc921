// Kernels over a flat range of elements. What is done with N neighbours starting at element i is a functor
// with `template <int N> __device__ void at(std::int64_t i) const`; this file runs it over the whole range,
// chunk by chunk, with a scalar tail.
#pragma once

#include <algorithm>
#include <cstdint>

#include "calibrate/backends/cuda/check.hpp"

namespace orrery::cuda {

constexpr int kFlatThreads = 256;
constexpr std::int64_t kFlatBlocksMax = std::int64_t{1} << 16;  // beyond that, threads take several chunks

template <int N, class F>
__global__ void __launch_bounds__(kFlatThreads) flat_kernel(std::int64_t size, F f) {
  const std::int64_t chunks = size / N;
  const std::int64_t stride = static_cast<std::int64_t>(gridDim.x) * kFlatThreads;
  const std::int64_t thread = static_cast<std::int64_t>(blockIdx.x) * kFlatThreads + threadIdx.x;
  for (std::int64_t c = thread; c < chunks; c += stride) f.template at<N>(c * N);
  if constexpr (N > 1) {
    const std::int64_t rest = chunks * N + thread;
    if (rest < size) f.template at<1>(rest);
  }
}

/// REQUIRES: buffers of `f` are aligned for chunks of N.
template <int N, class F>
void launch_flat(std::int64_t size, const F& f, cudaStream_t stream) {
  if (size <= 0) return;
  const std::int64_t chunks = (size + N - 1) / N;
  const std::int64_t blocks = std::min((chunks + kFlatThreads - 1) / kFlatThreads, kFlatBlocksMax);
  flat_kernel<N><<<static_cast<unsigned>(blocks), kFlatThreads, 0, stream>>>(size, f);
  CUDA_CHECK(cudaGetLastError());
}

}  // namespace orrery::cuda
