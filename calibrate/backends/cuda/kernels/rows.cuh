// Kernels over the rows of a matrix, each row reduced by one warp (short rows) or one block (long rows). What
// is done with a row is a functor with `template <int N, int kThreads> __device__ void row(std::int64_t r)
// const`, which all kThreads threads of the row enter together: they go through it in chunks of N elements
// and meet in row_sum and row_max. A row is read again rather than kept: the second reading comes out of the
// L1 or L2 cache.
#pragma once

#include <algorithm>
#include <cstdint>

#include "calibrate/backends/cuda/check.hpp"
#include "calibrate/backends/cuda/kernels/number.cuh"

namespace orrery::cuda {

constexpr int kWarp = 32;
constexpr int kRowBlock = 512;            // threads of a long row
constexpr int kWarpRows = 4;              // short rows per block
constexpr std::int64_t kShortRow = 1024;  // columns
constexpr std::int64_t kRowBlocksMax = 1 << 16;

template <class Combine>
__device__ float warp_reduce(float v, Combine combine) {
#pragma unroll
  for (int distance = kWarp / 2; distance > 0; distance /= 2) {
    v = combine(v, __shfl_xor_sync(0xffffffffU, v, distance));
  }
  return v;
}

/// Every thread of the row gets the result. `neutral` changes nothing when combined.
template <int kThreads, class Combine>
__device__ float row_reduce(float v, float neutral, Combine combine) {
  v = warp_reduce(v, combine);
  if constexpr (kThreads > kWarp) {
    static_assert(kThreads <= kWarp * kWarp, "one warp combines what the warps found");
    __shared__ float parts[kThreads / kWarp];
    __syncthreads();  // whoever still reads the parts of the reduction before
    if (threadIdx.x % kWarp == 0) parts[threadIdx.x / kWarp] = v;
    __syncthreads();
    const int lane = static_cast<int>(threadIdx.x) % kWarp;
    v = warp_reduce(lane < kThreads / kWarp ? parts[lane] : neutral, combine);
  }
  return v;
}

struct Sum {
  __device__ float operator()(float a, float b) const { return a + b; }
};
struct Max {
  __device__ float operator()(float a, float b) const { return fmaxf(a, b); }
};

template <int kThreads>
__device__ float row_sum(float v) {
  return row_reduce<kThreads>(v, 0.0F, Sum{});
}
template <int kThreads>
__device__ float row_max(float v) {
  return row_reduce<kThreads>(v, -INFINITY, Max{});
}

/// This thread's place among the threads of its row.
template <int kThreads>
__device__ int row_lane() {
  return static_cast<int>(threadIdx.x) % kThreads;
}

template <int N, int kThreads, class F>
__global__ void row_kernel(std::int64_t rows, F f) {
  const int per_block = static_cast<int>(blockDim.x) / kThreads;
  const std::int64_t stride = static_cast<std::int64_t>(gridDim.x) * per_block;
  std::int64_t r = static_cast<std::int64_t>(blockIdx.x) * per_block + threadIdx.x / kThreads;
  for (; r < rows; r += stride) f.template row<N, kThreads>(r);
}

template <int N, class F>
void launch_rows_in_chunks(std::int64_t rows, std::int64_t cols, const F& f, cudaStream_t stream) {
  if (cols <= kShortRow) {
    const auto blocks = static_cast<unsigned>(std::min((rows + kWarpRows - 1) / kWarpRows, kRowBlocksMax));
    row_kernel<N, kWarp><<<blocks, kWarp * kWarpRows, 0, stream>>>(rows, f);
  } else {
    const auto blocks = static_cast<unsigned>(std::min(rows, kRowBlocksMax));
    row_kernel<N, kRowBlock><<<blocks, kRowBlock, 0, stream>>>(rows, f);
  }
  CUDA_CHECK(cudaGetLastError());
}

/// T: the type of the row's elements, which decides how many make 16 bytes.
template <class T, class F>
void launch_rows(std::int64_t rows, std::int64_t cols, const F& f, cudaStream_t stream) {
  if (cols % kPerChunk<T> == 0) {
    launch_rows_in_chunks<kPerChunk<T>>(rows, cols, f, stream);
  } else {
    launch_rows_in_chunks<1>(rows, cols, f, stream);
  }
}

}  // namespace orrery::cuda
