// Our own fused attention, backward: the rows' dot products, then one kernel that is run twice, over rows of
// keys (dk, dv) and over rows of queries (dq), so that nothing is added atomically and the same input gives
// the same bits. Without launches, so that a test can run it on the CPU.
#pragma once

#include "calibrate/backends/cuda/attention_kernel.hpp"
#include "calibrate/backends/cuda/kernels/attention_tile.cuh"

namespace orrery::cuda::attention {
namespace {  // each includer has its own: a launch must not find what a test compiled for the CPU

/// dot[b, h, i] = sum over d of o * do: one warp a row, rows in the order of dot.
template <class T>
__global__ void row_dot_kernel(AttentionShape s, const T* o, const T* d_o, float* dot) {
  const long long rows = static_cast<long long>(s.batch) * s.heads * s.q_len;
  const long long row = (static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x) / 32;
  if (row >= rows) return;
  const int lane = threadIdx.x % 32;
  const long long query = row % s.q_len, head = row / s.q_len % s.heads, batch = row / s.q_len / s.heads;
  const long long start = ((batch * s.q_len + query) * s.heads + head) * s.head_dim;
  float sum = 0.0F;
  for (int d = lane; d < s.head_dim; d += 32)
    sum = fmaf(to_float(o[start + d]), to_float(d_o[start + d]), sum);
  for (int step = 16; step > 0; step /= 2) sum += __shfl_xor_sync(0xFFFFFFFFU, sum, step);
  if (lane == 0) dot[row] = sum;
}

/// A side of the scores: its two matrices and where the block's head lies in them.
template <class T>
struct Side {
  const T *first, *second;  // q and do, or k and v
  long long start, stride;
  int length;
};

/// weights = exp(scores * scale - lse) for one warp's 16 rows, 0 where no query sees the key. kKeyRows: rows
/// are keys.
template <class T, bool kKeyRows, int kCols>
__device__ void weights_of(const AttentionShape& s, const float* scores, T* weights, int ld, int first_row,
                           int first_column, const float* lse) {
  const int shift = s.kv_len - s.q_len;
  for (int i = threadIdx.x % 32; i < kWarpRows * kCols; i += 32) {
    const int row = i / kCols, column = i % kCols;
    const int query = kKeyRows ? first_column + column : first_row + row;
    const int key = kKeyRows ? first_row + row : first_column + column;
    const bool seen = query < s.q_len && key < s.kv_len && (!s.causal || key <= query + shift);
    const float weight = seen ? expf(scores[row * ld + column] * s.scale - lse[query]) : 0.0F;
    weights[row * ld + column] = from_float<T>(weight);
  }
  __syncwarp();
}

/// weights become weights * (products - dot) * scale: the gradient of the scores before scaling.
template <class T, bool kKeyRows, int kCols>
__device__ void score_gradient(const AttentionShape& s, const float* products, T* weights, int ld,
                               int first_row, int first_column, const float* dot) {
  for (int i = threadIdx.x % 32; i < kWarpRows * kCols; i += 32) {
    const int row = i / kCols, column = i % kCols;
    const int query = kKeyRows ? first_column + column : first_row + row;
    const float weight = to_float(weights[row * ld + column]);
    const float dot_of_row = query < s.q_len ? dot[query] : 0.0F;
    weights[row * ld + column] = from_float<T>(weight * (products[row * ld + column] - dot_of_row) * s.scale);
  }
  __syncwarp();
}

/// A block's shared memory.
template <class T, class Shape, bool kKeyRows>
struct Memory {
  static constexpr int kRowTile = Shape::kRows * Shape::kLd, kColumnTile = Shape::kCols * Shape::kLd;
  float* sums;                          // dk or dq
  float* value_sums = sums + kRowTile;  // dv, with kKeyRows only
  float* scores = value_sums + (kKeyRows ? kRowTile : 0);
  T* rows_1 = reinterpret_cast<T*>(scores + Shape::kRows * Shape::kScoreLd);
  T* rows_2 = rows_1 + kRowTile;
  T* columns_1 = rows_2 + kRowTile;
  T* columns_2 = columns_1 + kColumnTile;
  T* weights = columns_2 + kColumnTile;
};

/// What one warp adds to its sums from one tile of columns. `row` and `column` are the first ones.
template <class T, class Shape, bool kKeyRows>
__device__ void tile_step(const AttentionShape& s, const Memory<T, Shape, kKeyRows>& m, int row, int column,
                          const float* lse, const float* dot) {
  constexpr int kLd = Shape::kLd, kScoreLd = Shape::kScoreLd, kCols = Shape::kCols, kDim = Shape::kDim;
  const int mine = threadIdx.x / 32 * kWarpRows;
  float* scores = m.scores + mine * kScoreLd;
  T* weights = m.weights + mine * kScoreLd;
  warp_product<true, false, kCols, kDim>(scores, kScoreLd, m.rows_1 + mine * kLd, kLd, m.columns_1, kLd);
  weights_of<T, kKeyRows, kCols>(s, scores, weights, kScoreLd, row, column, lse);
  if constexpr (kKeyRows) {
    warp_product<false, true, kDim, kCols>(m.value_sums + mine * kLd, kLd, weights, kScoreLd, m.columns_2,
                                           kLd);
  }
  warp_product<true, false, kCols, kDim>(scores, kScoreLd, m.rows_2 + mine * kLd, kLd, m.columns_2, kLd);
  score_gradient<T, kKeyRows, kCols>(s, scores, weights, kScoreLd, row, column, dot);
  warp_product<false, true, kDim, kCols>(m.sums + mine * kLd, kLd, weights, kScoreLd, m.columns_1, kLd);
}

/// Both gradients by one scheme: a block keeps kRows rows of one side and walks over the other side. Rows are
/// keys (sums: dk, and dv = p^T do) or queries (sum: dq).
template <class T, class Shape, bool kKeyRows>
__global__ void __launch_bounds__(Shape::kThreads, 1)
    gradient_kernel(AttentionShape s, AttentionBackward t, T* gradient, T* value_gradient) {
  constexpr int kLd = Shape::kLd, kCols = Shape::kCols, kDim = Shape::kDim;
  constexpr int kRows = Shape::kRows, kThreads = Shape::kThreads;
  ORRERY_DYNAMIC_SHARED(memory);
  const Memory<T, Shape, kKeyRows> m{reinterpret_cast<float*>(memory)};

  const int group = s.heads / s.kv_heads, first = blockIdx.x * kRows, batch = blockIdx.z;
  const int kv_head = kKeyRows ? blockIdx.y : blockIdx.y / group;
  const long long q_stride = static_cast<long long>(s.heads) * s.head_dim;
  const long long kv_stride = static_cast<long long>(s.kv_heads) * s.head_dim;
  const Side<T> keys{static_cast<const T*>(t.k), static_cast<const T*>(t.v),
                     batch * s.kv_len * kv_stride + kv_head * s.head_dim, kv_stride, s.kv_len};
  Side<T> queries{static_cast<const T*>(t.q), static_cast<const T*>(t.d_o), batch * s.q_len * q_stride,
                  q_stride, s.q_len};
  const int warp_row = threadIdx.x / 32 * kWarpRows, shift = s.kv_len - s.q_len;
  for (int i = threadIdx.x; i < (kKeyRows ? 2 : 1) * kRows * kLd; i += kThreads) m.sums[i] = 0.0F;

  const int head_begin = kKeyRows ? kv_head * group : blockIdx.y;
  const int head_end = kKeyRows ? head_begin + group : head_begin + 1;
  int begin = 0, end = kKeyRows ? s.q_len : s.kv_len;  // of the other side, as far as anything is seen
  if (s.causal && kKeyRows) begin = max(0, first - shift) / kCols * kCols;
  if (s.causal && !kKeyRows) end = min(end, first + kRows + shift);
  for (int head = head_begin; head < head_end; ++head) {
    queries.start = batch * s.q_len * q_stride + static_cast<long long>(head) * s.head_dim;
    const Side<T>& rows = kKeyRows ? keys : queries;
    const Side<T>& columns = kKeyRows ? queries : keys;
    const long long statistics = (static_cast<long long>(batch) * s.heads + head) * s.q_len;
    if (head == head_begin) {
      load_rows<T, kDim, kRows, kThreads>(m.rows_1, rows.first + rows.start, rows.stride, first, rows.length,
                                          s.head_dim);
      load_rows<T, kDim, kRows, kThreads>(m.rows_2, rows.second + rows.start, rows.stride, first, rows.length,
                                          s.head_dim);
    }
    for (int column = begin; column < end; column += kCols) {
      __syncthreads();  // the columns of the step before are read
      load_rows<T, kDim, kCols, kThreads>(m.columns_1, columns.first + columns.start, columns.stride, column,
                                          columns.length, s.head_dim);
      load_rows<T, kDim, kCols, kThreads>(m.columns_2, columns.second + columns.start, columns.stride, column,
                                          columns.length, s.head_dim);
      __syncthreads();
      tile_step<T, Shape, kKeyRows>(s, m, first + warp_row, column, t.lse + statistics, t.dot + statistics);
    }
  }
  __syncthreads();
  const Side<T>& rows = kKeyRows ? keys : queries;
  for (int i = threadIdx.x; i < kRows * kDim; i += kThreads) {
    const int row = i / kDim, d = i % kDim;
    if (first + row >= rows.length || d >= s.head_dim) continue;
    const long long to = rows.start + (first + row) * rows.stride + d;
    gradient[to] = from_float<T>(m.sums[row * kLd + d]);
    if (kKeyRows) value_gradient[to] = from_float<T>(m.value_sums[row * kLd + d]);
  }
}

template <class T, class Shape>
constexpr std::size_t gradient_bytes(bool key_rows) {
  return sizeof(T) * (2 * Shape::kRows * Shape::kLd + 2 * Shape::kCols * Shape::kLd +
                      Shape::kRows * Shape::kScoreLd) +
         sizeof(float) * ((key_rows ? 2 : 1) * Shape::kRows * Shape::kLd + Shape::kRows * Shape::kScoreLd);
}

}  // namespace
}  // namespace orrery::cuda::attention
