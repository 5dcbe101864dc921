// Sums over the columns of a matrix in two stages: blocks add up slabs of rows, a second pass adds the slabs,
// so the result does not depend on the order in which blocks run. What is summed is a functor with
// `template <int N> __device__ void add(std::int64_t r, std::int64_t c, float (&sums)[kSums][N]) const`,
// which adds the values of row r, columns c to c + N - 1.
#pragma once

#include <algorithm>
#include <cstdint>

#include "calibrate/backends/cuda/check.hpp"
#include "calibrate/backends/cuda/kernels/launchers.hpp"
#include "calibrate/backends/cuda/kernels/number.cuh"

namespace orrery::cuda {

constexpr int kColumnLanes = 32, kColumnRows = 8;
constexpr std::int64_t kColumnBlocks = 512;  // enough to fill the device
constexpr std::int64_t kSlabRowsMin = 64;

/// One array of `cols` sums per slab and sum.
template <int kSums>
struct ColumnOutputs {
  float* sums[kSums];
};

template <int N, int kSums, class F>
__global__ void __launch_bounds__(kColumnLanes* kColumnRows)
    column_kernel(F f, std::int64_t rows, std::int64_t cols, std::int64_t slab, ColumnOutputs<kSums> out) {
  __shared__ float parts[kColumnRows][kColumnLanes * N];
  const std::int64_t left = static_cast<std::int64_t>(blockIdx.x) * kColumnLanes * N;
  const std::int64_t c = left + threadIdx.x * N;
  const std::int64_t first = blockIdx.y * slab;
  const std::int64_t end = first + slab < rows ? first + slab : rows;
  float sums[kSums][N] = {};
  if (c < cols) {
#pragma unroll 4
    for (std::int64_t r = first + threadIdx.y; r < end; r += kColumnRows) f.template add<N>(r, c, sums);
  }
#pragma unroll
  for (int s = 0; s < kSums; ++s) {
    __syncthreads();
    for (int k = 0; k < N; ++k) parts[threadIdx.y][threadIdx.x * N + k] = sums[s][k];
    __syncthreads();
    const int thread = static_cast<int>(threadIdx.y * kColumnLanes + threadIdx.x);
    for (int i = thread; i < kColumnLanes * N && left + i < cols; i += kColumnLanes * kColumnRows) {
      float total = 0.0F;
      for (int y = 0; y < kColumnRows; ++y) total += parts[y][i];
      out.sums[s][blockIdx.y * cols + left + i] = total;
    }
  }
}

/// The second stage: rows are slabs.
template <int kSums>
struct SlabSums {
  ColumnOutputs<kSums> parts;
  std::int64_t cols;
  template <int N>
  __device__ void add(std::int64_t r, std::int64_t c, float (&sums)[kSums][N]) const {
#pragma unroll
    for (int s = 0; s < kSums; ++s) {
      float v[N];
      load(parts.sums[s] + r * cols + c, v);
#pragma unroll
      for (int k = 0; k < N; ++k) sums[s][k] += v[k];
    }
  }
};

template <int N, int kSums, class F>
void launch_column_stage(const F& f, std::int64_t rows, std::int64_t cols, std::int64_t slabs,
                         const ColumnOutputs<kSums>& out, cudaStream_t stream) {
  const std::int64_t width = kColumnLanes * N;
  const dim3 grid(static_cast<unsigned>((cols + width - 1) / width), static_cast<unsigned>(slabs));
  column_kernel<N, kSums>
      <<<grid, dim3(kColumnLanes, kColumnRows), 0, stream>>>(f, rows, cols, (rows + slabs - 1) / slabs, out);
  CUDA_CHECK(cudaGetLastError());
}

template <int N, int kSums, class F>
void launch_columns_in_chunks(const F& f, std::int64_t rows, std::int64_t cols,
                              const ColumnOutputs<kSums>& out, const Scratch& scratch, cudaStream_t stream) {
  const std::int64_t column_blocks = (cols + kColumnLanes * N - 1) / (kColumnLanes * N);
  const std::int64_t slabs = std::max<std::int64_t>(
      1, std::min(kColumnBlocks / column_blocks, (rows + kSlabRowsMin - 1) / kSlabRowsMin));
  if (slabs == 1) return launch_column_stage<N>(f, rows, cols, 1, out, stream);
  float* memory = scratch.floats(static_cast<std::size_t>(kSums * slabs * cols));
  ColumnOutputs<kSums> parts;
  for (int s = 0; s < kSums; ++s) parts.sums[s] = memory + s * slabs * cols;
  launch_column_stage<N>(f, rows, cols, slabs, parts, stream);
  launch_column_stage<1>(SlabSums<kSums>{parts, cols}, slabs, cols, 1, out, stream);
}

/// T: the type of the matrix. `out.sums[s]` gets the `cols` totals of sum s.
template <class T, int kSums, class F>
void launch_columns(const F& f, std::int64_t rows, std::int64_t cols, const ColumnOutputs<kSums>& out,
                    const Scratch& scratch, cudaStream_t stream) {
  if (cols % kPerChunk<T> == 0) {
    launch_columns_in_chunks<kPerChunk<T>>(f, rows, cols, out, scratch, stream);
  } else {
    launch_columns_in_chunks<1>(f, rows, cols, out, scratch, stream);
  }
}

}  // namespace orrery::cuda
