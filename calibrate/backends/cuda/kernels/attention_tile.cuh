// Pieces of our own attention kernels: tiles of rows in shared memory and their products by one warp, on the
// tensor cores for 16-bit types (WMMA) and on the CUDA cores for fp32. All matrices are row-major in shared
// memory with rows padded by kPad elements, so that neighbouring rows do not fall into the same bank.
#pragma once

#include <cstddef>
#include <type_traits>

#include "calibrate/backends/cuda/kernels/number.cuh"

// The tests run these kernels on the CPU and bring stand-ins for what only a device compiler knows.
#ifdef __CUDACC__
#include <mma.h>
#define ORRERY_DYNAMIC_SHARED(name) extern __shared__ __align__(128) unsigned char name[]
#endif

namespace orrery::cuda::attention {

constexpr int kPad = 8;
/// Rows of a tile that one warp owns.
constexpr int kWarpRows = 16;

/// How a block cuts its work: `kRows` rows (16 a warp) against `kCols` at a time, head_dim padded to `kDim`.
/// Sized for the 163 KiB of shared memory of sm_80.
template <class T, int kDimension>
struct Tile {
  static constexpr int kDim = kDimension;
  static constexpr int kWarps = sizeof(T) == 2 ? (kDim == 256 ? 2 : 4) : 256 / kDim;
  static constexpr int kRows = kWarps * kWarpRows;
  static constexpr int kCols = sizeof(T) == 4 && kDim == 256 ? 16 : 32;
  static constexpr int kThreads = kWarps * 32;
  static constexpr int kLd = kDim + kPad;        ///< of tiles of rows
  static constexpr int kScoreLd = kCols + kPad;  ///< of scores
};

template <class T>
__device__ T from_float(float x) {
  T result;
  cuda::from_float(x, result);
  return result;
}

/// Rows [first, first + kCount) of a tensor into `tile`; rows at or behind `limit` and elements behind
/// head_dim become zero. `stride` is the distance of two rows in memory.
template <class T, int kDim, int kCount, int kThreads>
__device__ void load_rows(T* tile, const T* source, long long stride, int first, int limit, int head_dim) {
  constexpr int kVector = 16 / sizeof(T);
  constexpr int kLd = kDim + kPad;
  constexpr int kParts = kDim / kVector;
  const bool whole = head_dim % kVector == 0;
  for (int part = threadIdx.x; part < kCount * kParts; part += kThreads) {
    const int row = part / kParts, column = part % kParts * kVector;
    T* to = tile + row * kLd + column;
    const T* from = source + (first + row) * stride + column;
    if (whole && first + row < limit && column < head_dim) {
      *reinterpret_cast<uint4*>(to) = *reinterpret_cast<const uint4*>(from);
      continue;
    }
    for (int i = 0; i < kVector; ++i) {
      const bool inside = first + row < limit && column + i < head_dim;
      to[i] = inside ? from[i] : from_float<T>(0.0F);
    }
  }
}

/// C[16, kN] = or += A[16, kK] B, by one warp. B is [kK, kN], or with `kTransposed` [kN, kK].
template <bool kTransposed, bool kAdd, int kN, int kK, class T>
__device__ void warp_product(float* c, int ldc, const T* a, int lda, const T* b, int ldb) {
  using namespace nvcuda::wmma;
  using Layout = std::conditional_t<kTransposed, col_major, row_major>;
  for (int n = 0; n < kN; n += 16) {
    fragment<accumulator, 16, 16, 16, float> sum;
    if constexpr (kAdd) {
      load_matrix_sync(sum, c + n, ldc, mem_row_major);
    } else {
      fill_fragment(sum, 0.0F);
    }
#pragma unroll 4
    for (int k = 0; k < kK; k += 16) {
      fragment<matrix_a, 16, 16, 16, T, row_major> left;
      fragment<matrix_b, 16, 16, 16, T, Layout> right;
      load_matrix_sync(left, a + k, lda);
      load_matrix_sync(right, kTransposed ? b + n * ldb + k : b + k * ldb + n, ldb);
      mma_sync(sum, left, right, sum);
    }
    store_matrix_sync(c + n, sum, ldc, mem_row_major);
  }
  __syncwarp();
}

/// The same for fp32: a lane computes 8 rows of one column (of 16 columns, half a warp takes each half of the
/// rows).
template <bool kTransposed, bool kAdd, int kN, int kK>
__device__ void warp_product(float* c, int ldc, const float* a, int lda, const float* b, int ldb) {
  const int lane = threadIdx.x % 32;
  const float* left = a + lane / 16 * 8 * lda;
  float* out = c + lane / 16 * 8 * ldc;
  for (int n = lane % 16; n < kN; n += 16) {
    float sum[8] = {};
    for (int k = 0; k < kK; ++k) {
      const float right = kTransposed ? b[n * ldb + k] : b[k * ldb + n];
#pragma unroll
      for (int r = 0; r < 8; ++r) sum[r] = fmaf(left[r * lda + k], right, sum[r]);
    }
#pragma unroll
    for (int r = 0; r < 8; ++r) out[r * ldc + n] = kAdd ? out[r * ldc + n] + sum[r] : sum[r];
  }
  __syncwarp();
}

}  // namespace orrery::cuda::attention
