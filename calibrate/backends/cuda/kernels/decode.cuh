// Paged decode attention: the kernel over parts of the context and the one that combines the parts. Rows are
// read 16 bytes a lane; the query heads of a group share each loaded key and value. Without launches, so that
// a test can run it on the CPU.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cmath>
#include <cstring>

#include "calibrate/backends/cuda/decode_kernel.hpp"

namespace orrery::cuda::decode {
namespace {  // each includer has its own: a launch must not find what a test compiled for the CPU

__device__ inline float2 to_pair(const __half2& x) {
  return __half22float2(x);
}
__device__ inline float2 to_pair(const __nv_bfloat162& x) {
  return __bfloat1622float2(x);
}

/// 16 bytes from memory as fp32 numbers.
__device__ inline void unpack(const uint4& raw, float (&values)[4], const float*) {
  values[0] = __uint_as_float(raw.x), values[1] = __uint_as_float(raw.y);
  values[2] = __uint_as_float(raw.z), values[3] = __uint_as_float(raw.w);
}
template <class Pair>
__device__ inline void unpack_pairs(const uint4& raw, float (&values)[8]) {
  Pair pairs[4];
  memcpy(static_cast<void*>(pairs), &raw, sizeof raw);
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const float2 two = to_pair(pairs[i]);
    values[2 * i] = two.x, values[2 * i + 1] = two.y;
  }
}
__device__ inline void unpack(const uint4& raw, float (&values)[8], const __half*) {
  unpack_pairs<__half2>(raw, values);
}
__device__ inline void unpack(const uint4& raw, float (&values)[8], const __nv_bfloat16*) {
  unpack_pairs<__nv_bfloat162>(raw, values);
}

__device__ inline void store(float* to, float x) {
  *to = x;
}
__device__ inline void store(__half* to, float x) {
  *to = __float2half_rn(x);
}
__device__ inline void store(__nv_bfloat16* to, float x) {
  *to = __float2bfloat16_rn(x);
}

/// How a warp reads rows of head_dim elements: kLanes lanes a row, kLoads times 16 bytes a lane. Such a team
/// of lanes works on its tokens alone; the teams of a block are combined at the end.
template <class T, int kDimension>
struct Rows {
  static constexpr int kDim = kDimension, kWarps = 4, kThreads = 32 * kWarps;
  static constexpr int kVector = 16 / static_cast<int>(sizeof(T));
  static constexpr int kLanes = kDim / kVector < 32 ? kDim / kVector : 32;
  static constexpr int kLoads = kDim / kVector / kLanes;
  static constexpr int kTeams = kThreads / kLanes;
  static constexpr int kTokens = 2;  ///< that a team loads at once, to have more bytes in flight
};

/// One team's sums: for each head the largest score, the sum of weights, the weighted sum of values.
template <class R, int kHeads>
struct Sums {
  float top[kHeads], sum[kHeads], values[kHeads][R::kLoads][R::kVector];
};

template <class T, class R>
__device__ void load_row(uint4 (&raw)[R::kLoads], const T* row, int lane) {
#pragma unroll
  for (int l = 0; l < R::kLoads; ++l) {
    raw[l] = *reinterpret_cast<const uint4*>(row + (l * R::kLanes + lane) * R::kVector);
  }
}

/// Takes one token into the sums, with weight 0 when it is not `valid`.
template <class T, class R, int kHeads>
__device__ void take(Sums<R, kHeads>& sums, const float (&query)[kHeads][R::kLoads][R::kVector],
                     const uint4 (&key)[R::kLoads], const uint4 (&value)[R::kLoads], bool valid) {
  float score[kHeads] = {};
#pragma unroll
  for (int l = 0; l < R::kLoads; ++l) {
    float x[R::kVector];
    unpack(key[l], x, static_cast<const T*>(nullptr));
#pragma unroll
    for (int h = 0; h < kHeads; ++h) {
#pragma unroll
      for (int i = 0; i < R::kVector; ++i) score[h] = fmaf(query[h][l][i], x[i], score[h]);
    }
  }
#pragma unroll
  for (int h = 0; h < kHeads; ++h) {
#pragma unroll
    for (int step = R::kLanes / 2; step > 0; step /= 2)
      score[h] += __shfl_xor_sync(0xFFFFFFFFU, score[h], step);
  }
#pragma unroll
  for (int h = 0; h < kHeads; ++h) {
    if (valid && score[h] > sums.top[h]) {
      const float factor = __expf(sums.top[h] - score[h]);
      sums.top[h] = score[h];
      sums.sum[h] *= factor;
#pragma unroll
      for (int l = 0; l < R::kLoads; ++l) {
#pragma unroll
        for (int i = 0; i < R::kVector; ++i) sums.values[h][l][i] *= factor;
      }
    }
    score[h] = valid ? __expf(score[h] - sums.top[h]) : 0.0F;
    sums.sum[h] += score[h];
  }
#pragma unroll
  for (int l = 0; l < R::kLoads; ++l) {
    float x[R::kVector];
    unpack(value[l], x, static_cast<const T*>(nullptr));
#pragma unroll
    for (int h = 0; h < kHeads; ++h) {
#pragma unroll
      for (int i = 0; i < R::kVector; ++i) sums.values[h][l][i] = fmaf(score[h], x[i], sums.values[h][l][i]);
    }
  }
}

/// Combines the sums of a block's teams and writes the rows of its heads, to o or, as one part of several, to
/// scratch.
template <class T, class R, int kHeads>
__device__ void finish(const Sums<R, kHeads>& sums, long long first_row, T* o, float* scratch) {
  __shared__ float team_values[R::kTeams][kHeads][R::kDim];
  __shared__ float team_top[R::kTeams][kHeads], team_sum[R::kTeams][kHeads];
  const int team = threadIdx.x / R::kLanes, lane = threadIdx.x % R::kLanes;
#pragma unroll
  for (int h = 0; h < kHeads; ++h) {
#pragma unroll
    for (int l = 0; l < R::kLoads; ++l) {
#pragma unroll
      for (int i = 0; i < R::kVector; ++i) {
        team_values[team][h][(l * R::kLanes + lane) * R::kVector + i] = sums.values[h][l][i];
      }
    }
    if (lane == 0) team_top[team][h] = sums.top[h], team_sum[team][h] = sums.sum[h];
  }
  __syncthreads();
  const int splits = gridDim.x;
  for (int i = threadIdx.x; i < kHeads * R::kDim; i += R::kThreads) {
    const int h = i / R::kDim, d = i % R::kDim;
    float top = -INFINITY, sum = 0.0F, weighted = 0.0F;
    for (int t = 0; t < R::kTeams; ++t) top = fmaxf(top, team_top[t][h]);
    for (int t = 0; t < R::kTeams; ++t) {
      const float factor = team_sum[t][h] > 0.0F ? __expf(team_top[t][h] - top) : 0.0F;
      sum += team_sum[t][h] * factor;
      weighted += team_values[t][h][d] * factor;
    }
    const long long row = first_row + h;
    if (splits == 1) {
      store(o + row * R::kDim + d, sum > 0.0F ? weighted / sum : 0.0F);
    } else {  // [rows, splits, dim + 2]: the weighted sum, then top and sum
      float* to = scratch + (row * splits + blockIdx.x) * (R::kDim + 2);
      to[d] = weighted;
      if (d == 0) to[R::kDim] = top, to[R::kDim + 1] = sum;
    }
  }
}

/// Grid: parts of the context, groups of heads, sequences.
template <class T, class R, int kHeads>
__global__ void __launch_bounds__(R::kThreads)
    decode_kernel(DecodeShape s, int part, const T* q, const T* k_cache, const T* v_cache,
                  const std::int32_t* table, const std::int32_t* lengths, T* o, float* scratch) {
  const int group = s.heads / s.kv_heads, blocks_per_group = group / kHeads;
  const int kv_head = blockIdx.y / blocks_per_group, sequence = blockIdx.z;
  const int first_head = kv_head * group + blockIdx.y % blocks_per_group * kHeads;
  const int team = threadIdx.x / R::kLanes, lane = threadIdx.x % R::kLanes;

  Sums<R, kHeads> sums;
  float query[kHeads][R::kLoads][R::kVector];
#pragma unroll
  for (int h = 0; h < kHeads; ++h) {
    sums.top[h] = -INFINITY, sums.sum[h] = 0.0F;
    uint4 raw[R::kLoads];
    load_row<T, R>(raw, q + (static_cast<long long>(sequence) * s.heads + first_head + h) * R::kDim, lane);
#pragma unroll
    for (int l = 0; l < R::kLoads; ++l) {
      unpack(raw[l], query[h][l], static_cast<const T*>(nullptr));
#pragma unroll
      for (int i = 0; i < R::kVector; ++i) query[h][l][i] *= s.scale, sums.values[h][l][i] = 0.0F;
    }
  }

  const int begin = blockIdx.x * part, end = min(lengths[sequence], begin + part);
  const std::int32_t* my_table = table + static_cast<long long>(sequence) * s.pages;
  // All lanes of a warp walk equally far (they exchange scores); teams behind the end repeat the last token,
  // unused.
  for (int base = begin; base < end; base += R::kTeams * R::kTokens) {
    uint4 key[R::kTokens][R::kLoads], value[R::kTokens][R::kLoads];
#pragma unroll
    for (int t = 0; t < R::kTokens; ++t) {
      const int token = min(base + t * R::kTeams + team, end - 1);
      const int page = s.block_shift >= 0 ? token >> s.block_shift : token / s.block;
      const long long slot = static_cast<long long>(my_table[page]) * s.block + (token - page * s.block);
      const long long row = (slot * s.kv_heads + kv_head) * R::kDim;
      load_row<T, R>(key[t], k_cache + row, lane);
      load_row<T, R>(value[t], v_cache + row, lane);
    }
#pragma unroll
    for (int t = 0; t < R::kTokens; ++t) {
      take<T, R, kHeads>(sums, query, key[t], value[t], base + t * R::kTeams + team < end);
    }
  }

  finish<T, R, kHeads>(sums, static_cast<long long>(sequence) * s.heads + first_head, o, scratch);
}

/// Grid: rows of o. Threads: elements of a row.
template <class T, int kDim>
__global__ void __launch_bounds__(kDim) combine_kernel(int splits, const float* scratch, T* o) {
  const float* parts = scratch + static_cast<long long>(blockIdx.x) * splits * (kDim + 2);
  float top = -INFINITY, sum = 0.0F, weighted = 0.0F;
  for (int p = 0; p < splits; ++p) top = fmaxf(top, parts[p * (kDim + 2) + kDim]);
  for (int p = 0; p < splits; ++p) {
    const float* part = parts + p * (kDim + 2);
    if (part[kDim + 1] == 0.0F) continue;  // behind the end of the sequence
    const float factor = __expf(part[kDim] - top);
    sum += part[kDim + 1] * factor;
    weighted += part[threadIdx.x] * factor;
  }
  store(o + static_cast<long long>(blockIdx.x) * kDim + threadIdx.x, sum > 0.0F ? weighted / sum : 0.0F);
}

}  // namespace
}  // namespace orrery::cuda::decode
