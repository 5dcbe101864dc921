// Branch-free exponential and sigmoid for the inner loops of the CPU kernels, and the macro that compiles
// such a loop for several instruction sets. Functions of the C library are called element by element; these
// inline, so the compiler turns a loop over them into vector code.
#pragma once

#include <bit>
#include <cstdint>

// One body, three machine codes (AVX-512, AVX2, baseline x86-64), chosen when the program starts. Off under
// sanitizers, which instrument the resolvers that run before their own start-up.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define ORRERY_VECTORISED __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define ORRERY_VECTORISED
#endif

namespace orrery::cpu {

/// exp(x) for x in [-87, 88]; arguments outside are clamped to these ends (no infinities, no denormals).
/// Relative error below 3e-7: x = n ln 2 + r with |r| <= ln(2)/2, then the degree-7 polynomial of Cephes'
/// expf (Moshier 1992), then 2^n through the exponent bits.
[[gnu::always_inline]] inline float exp_clamped(float x) {
  x = x < -87.0F ? -87.0F : x;
  x = x > 88.0F ? 88.0F : x;
  // Adding 1.5 * 2^23 leaves the nearest integer in the low bits of the mantissa.
  const float shifted = x * 1.44269504F + 12582912.0F;
  const float n = shifted - 12582912.0F;
  const float r = (x - n * 0.693359375F) + n * 2.12194440e-4F;
  float p = 1.9875691500e-4F;
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  p = p * r * r + r + 1.0F;
  const std::uint32_t exponent = (std::bit_cast<std::uint32_t>(shifted) + 127U) << 23U;
  return p * std::bit_cast<float>(exponent);
}

/// 1 / (1 + exp(-x)), relative error below 1e-6 for |x| <= 40; beyond that it stays at its value at +-40.
[[gnu::always_inline]] inline float sigmoid(float x) {
  x = x < -40.0F ? -40.0F : x;
  return 1.0F / (1.0F + exp_clamped(-x));
}

}  // namespace orrery::cpu
