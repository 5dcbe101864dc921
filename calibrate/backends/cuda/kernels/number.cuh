// Numbers in device code: every kernel computes in fp32, whatever type its tensors have; this file converts
// at the border and moves whole chunks of up to 16 bytes per instruction.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp8.h>

#include <cstdint>

#include "costmodel/op.hpp"
#include "sim/base/error.hpp"

namespace orrery::cuda {

__device__ inline float to_float(float v) {
  return v;
}
__device__ inline float to_float(__half v) {
  return __half2float(v);
}
__device__ inline float to_float(__nv_bfloat16 v) {
  return __bfloat162float(v);
}
__device__ inline float to_float(__nv_fp8_e4m3 v) {
  return static_cast<float>(v);
}

__device__ inline void from_float(float v, float& to) {
  to = v;
}
__device__ inline void from_float(float v, __half& to) {
  to = __float2half_rn(v);
}
__device__ inline void from_float(float v, __nv_bfloat16& to) {
  to = __float2bfloat16_rn(v);
}
__device__ inline void from_float(float v, __nv_fp8_e4m3& to) {
  to = __nv_fp8_e4m3(v);  // to nearest, the largest number instead of an overflow
}

/// N neighbours in memory, moved by as few instructions as their alignment allows.
template <class T, int N>
struct alignas(N * sizeof(T) < 16 ? N * sizeof(T) : 16) Chunk {
  T values[N];
};

/// REQUIRES: `from` is aligned as a Chunk<T, N>.
template <int N, class T>
__device__ void load(const T* from, float (&to)[N]) {
  const Chunk<T, N> chunk = *reinterpret_cast<const Chunk<T, N>*>(from);
#pragma unroll
  for (int k = 0; k < N; ++k) to[k] = to_float(chunk.values[k]);
}

template <int N, class T>
__device__ void store(const float (&from)[N], T* to) {
  Chunk<T, N> chunk;
#pragma unroll
  for (int k = 0; k < N; ++k) from_float(from[k], chunk.values[k]);
  *reinterpret_cast<Chunk<T, N>*>(to) = chunk;
}

/// Numbers of type T in 16 bytes.
template <class T>
constexpr int kPerChunk = 16 / static_cast<int>(sizeof(T));

struct Position {
  std::int64_t quotient, rest;
};
/// 64-bit division takes tens of instructions, so it is done only for numbers that need it.
__device__ inline Position divide(std::int64_t a, std::int64_t b) {
  if (((a | b) >> 32) == 0) {
    const auto x = static_cast<std::uint32_t>(a), y = static_cast<std::uint32_t>(b);
    return {x / y, x % y};
  }
  return {a / b, a % b};
}

/// Calls `f` with a value of the C++ type of `dtype`: `with_type(d, [&](auto zero) { using T =
/// decltype(zero);`
template <class F>
void with_type(cost::DType dtype, F f) {
  switch (dtype) {
    case cost::DType::fp32:
      return f(float{});
    case cost::DType::fp16:
      return f(__half{});
    case cost::DType::bf16:
      return f(__nv_bfloat16{});
    default:
      throw BackendError("no CUDA kernel for tensors of type " + cost::name(dtype));
  }
}

}  // namespace orrery::cuda
