// Our own fused attention, forward: one kernel, online softmax over tiles of keys (Dao et al. 2022), each
// row's sums in shared memory. Without launches, so that a test can run it on the CPU.
#pragma once

#include <cmath>

#include "calibrate/backends/cuda/attention_kernel.hpp"
#include "calibrate/backends/cuda/kernels/attention_tile.cuh"

namespace orrery::cuda::attention {
namespace {  // each includer has its own: a launch must not find what a test compiled for the CPU

template <class T, class Shape>
constexpr std::size_t forward_bytes() {
  return sizeof(T) *
             (Shape::kRows * Shape::kLd + Shape::kCols * Shape::kLd + Shape::kRows * Shape::kScoreLd) +
         sizeof(float) * (Shape::kRows * Shape::kLd + Shape::kRows * Shape::kScoreLd);
}

/// One step of the online softmax over a warp's 16 rows: scores become weights relative to the new maximum,
/// and `top`, `sum` (of the row lane / 2, known to its two lanes) move on. Returns what earlier sums are
/// multiplied by.
template <class T, int kCols>
__device__ float softmax_step(const float* scores, T* weights, int ld, int first_column, int end_column,
                              float scale, float& top, float& sum) {
  const int row = threadIdx.x % 32 / 2, half = threadIdx.x % 2;
  const float* in = scores + row * ld + half * (kCols / 2);
  T* out = weights + row * ld + half * (kCols / 2);
  const int seen = end_column - first_column - half * (kCols / 2);  // columns of this lane that the row sees
  float highest = top;
  for (int c = 0; c < kCols / 2; ++c) {
    if (c < seen) highest = fmaxf(highest, in[c] * scale);
  }
  highest = fmaxf(highest, __shfl_xor_sync(0xFFFFFFFFU, highest, 1));
  const bool any = highest > -INFINITY;  // a row that has seen no key yet stays as it is
  const float factor = any ? expf(top - highest) : 1.0F;
  float more = 0.0F;
  for (int c = 0; c < kCols / 2; ++c) {
    const float weight = c < seen ? expf(in[c] * scale - highest) : 0.0F;
    more += weight;
    out[c] = from_float<T>(weight);
  }
  more += __shfl_xor_sync(0xFFFFFFFFU, more, 1);
  top = highest;
  sum = sum * factor + more;
  __syncwarp();
  return factor;
}

/// A block computes kRows queries of one head; each warp owns 16 of them, whose sums it keeps in shared
/// memory.
template <class T, class Shape>
__global__ void __launch_bounds__(Shape::kThreads, 1)
    forward_kernel(AttentionShape s, const T* q, const T* k, const T* v, T* o, float* lse) {
  constexpr int kLd = Shape::kLd, kScoreLd = Shape::kScoreLd, kCols = Shape::kCols, kDim = Shape::kDim;
  ORRERY_DYNAMIC_SHARED(memory);
  float* sums = reinterpret_cast<float*>(memory);  // [rows, dim]
  float* scores = sums + Shape::kRows * kLd;       // [rows, cols]
  T* queries = reinterpret_cast<T*>(scores + Shape::kRows * kScoreLd);
  T* others = queries + Shape::kRows * kLd;  // keys, then values
  T* weights = others + kCols * kLd;

  const int first = blockIdx.x * Shape::kRows, head = blockIdx.y, batch = blockIdx.z;
  const int kv_head = head / (s.heads / s.kv_heads);
  const long long q_stride = static_cast<long long>(s.heads) * s.head_dim;
  const long long kv_stride = static_cast<long long>(s.kv_heads) * s.head_dim;
  const long long q_start = batch * s.q_len * q_stride + head * s.head_dim;
  const long long kv_start = batch * s.kv_len * kv_stride + kv_head * s.head_dim;
  const int shift = s.kv_len - s.q_len;  // query i sees the keys before i + shift + 1

  load_rows<T, kDim, Shape::kRows, Shape::kThreads>(queries, q + q_start, q_stride, first, s.q_len,
                                                    s.head_dim);
  for (int i = threadIdx.x; i < Shape::kRows * kLd; i += Shape::kThreads) sums[i] = 0.0F;

  const int warp_row = threadIdx.x / 32 * kWarpRows;
  const int lane = threadIdx.x % 32;
  const int row = first + warp_row + lane / 2;
  const int row_end = s.causal ? min(s.kv_len, row + shift + 1) : s.kv_len;
  const int block_end = s.causal ? min(s.kv_len, first + Shape::kRows + shift) : s.kv_len;
  float top = -INFINITY, sum = 0.0F;
  for (int column = 0; column < block_end; column += kCols) {
    __syncthreads();  // the values of the step before are read
    load_rows<T, kDim, kCols, Shape::kThreads>(others, k + kv_start, kv_stride, column, s.kv_len, s.head_dim);
    __syncthreads();
    warp_product<true, false, kCols, kDim>(scores + warp_row * kScoreLd, kScoreLd, queries + warp_row * kLd,
                                           kLd, others, kLd);
    const float factor = softmax_step<T, kCols>(scores + warp_row * kScoreLd, weights + warp_row * kScoreLd,
                                                kScoreLd, column, row_end, s.scale, top, sum);
    for (int r = 0; r < kWarpRows; ++r) {
      const float row_factor = __shfl_sync(0xFFFFFFFFU, factor, 2 * r);
      if (row_factor == 1.0F) continue;
      for (int d = lane; d < kDim; d += 32) sums[(warp_row + r) * kLd + d] *= row_factor;
    }
    __syncthreads();  // the keys are read
    load_rows<T, kDim, kCols, Shape::kThreads>(others, v + kv_start, kv_stride, column, s.kv_len, s.head_dim);
    __syncthreads();
    warp_product<false, true, kDim, kCols>(sums + warp_row * kLd, kLd, weights + warp_row * kScoreLd,
                                           kScoreLd, others, kLd);
  }
  __syncthreads();  // without any key, the zeros of other warps
  if (lane % 2 == 0 && row < s.q_len) {
    lse[(static_cast<long long>(batch) * s.heads + head) * s.q_len + row] =
        sum > 0.0F ? top + logf(sum) : -INFINITY;
  }
  for (int r = 0; r < kWarpRows; ++r) {
    const float row_sum = __shfl_sync(0xFFFFFFFFU, sum, 2 * r);
    const float factor = row_sum > 0.0F ? 1.0F / row_sum : 0.0F;
    const int query = first + warp_row + r;
    if (query >= s.q_len) break;
    for (int d = lane; d < s.head_dim; d += 32) {
      o[q_start + query * q_stride + d] = from_float<T>(sums[(warp_row + r) * kLd + d] * factor);
    }
  }
}

}  // namespace
}  // namespace orrery::cuda::attention
