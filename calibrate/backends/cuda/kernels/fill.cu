// Random contents for buffers, and the smallest kernels: one that adds 1, one that keeps a stream waiting.
#include "calibrate/backends/cuda/kernels/flat.cuh"
#include "calibrate/backends/cuda/kernels/launchers.hpp"
#include "calibrate/backends/cuda/kernels/number.cuh"

namespace orrery::cuda {
namespace {

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014) over a counter.
__device__ std::uint64_t hash(std::uint64_t seed, std::int64_t index) {
  std::uint64_t z = seed + (static_cast<std::uint64_t>(index) + 1) * 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

template <class T>
struct RandomNumbers {
  T* memory;
  bool positive;
  float scale;
  std::uint64_t seed;
  template <int N>
  __device__ void at(std::int64_t i) const {
    float v[N];
#pragma unroll
    for (int k = 0; k < N; ++k) {
      const std::uint64_t bits = hash(seed, i + k);
      const float unit = static_cast<float>(bits >> 40) * 0x1.0p-24F;
      const float magnitude = scale * (0.1F + 0.9F * unit);
      v[k] = positive || (bits & 1) != 0 ? magnitude : -magnitude;
    }
    store(v, memory + i);
  }
};

struct RandomIntegers {
  std::int32_t* memory;
  std::int64_t bound;
  std::uint64_t seed;
  template <int N>
  __device__ void at(std::int64_t i) const {
    static_assert(N == 1);
    const auto range = static_cast<std::uint64_t>(bound);
    memory[i] = static_cast<std::int32_t>((hash(seed, i) >> 32) * range >> 32);
  }
};

__global__ void add_one_kernel(float* x) {
  *x += 1.0F;
}

__device__ unsigned long long nanoseconds() {
  unsigned long long now;
  asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(now));
  return now;
}

__global__ void hold_kernel(const volatile unsigned* flag, unsigned ticket, unsigned long long limit_ns) {
  const unsigned long long start = nanoseconds();
  // Tickets wrap around, so it is their difference that counts.
  while (static_cast<int>(*flag - ticket) < 0 && nanoseconds() - start < limit_ns) {
  }
}

}  // namespace

void fill_numbers(void* memory, std::int64_t count, cost::DType dtype, bool positive, float scale,
                  std::uint64_t seed, cudaStream_t stream) {
  const auto fill = [&](auto zero) {
    using T = decltype(zero);
    launch_flat<kPerChunk<T>>(count, RandomNumbers<T>{static_cast<T*>(memory), positive, scale, seed},
                              stream);
  };
  if (dtype == cost::DType::fp8) return fill(__nv_fp8_e4m3{});
  if (dtype == cost::DType::tf32) return fill(float{});
  with_type(dtype, fill);
}

void fill_integers(std::int32_t* memory, std::int64_t count, std::int64_t bound, std::uint64_t seed,
                   cudaStream_t stream) {
  launch_flat<1>(count, RandomIntegers{memory, bound, seed}, stream);
}

void launch_add_one(float* x, cudaStream_t stream) {
  add_one_kernel<<<1, 1, 0, stream>>>(x);
  CUDA_CHECK(cudaGetLastError());
}

void launch_hold(const unsigned* flag, unsigned ticket, unsigned long long limit_ns, cudaStream_t stream) {
  hold_kernel<<<1, 1, 0, stream>>>(flag, ticket, limit_ns);
  CUDA_CHECK(cudaGetLastError());
}

}  // namespace orrery::cuda
