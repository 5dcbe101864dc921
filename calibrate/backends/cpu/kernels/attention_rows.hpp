// The three loops that attention is made of, over one head's row of numbers and over one row of scores:
// shared by prefill and decode. They inline into the kernels, which are compiled for several instruction
// sets.
#pragma once

#include <cstdint>

#include "calibrate/backends/cpu/kernels/vector_math.hpp"

namespace orrery::cpu {

[[gnu::always_inline]] inline float dot_row(std::int64_t size, const float* a, const float* b) {
  float sum = 0.0F;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t i = 0; i < size; ++i) sum += a[i] * b[i];
  return sum;
}

/// y += factor * x
[[gnu::always_inline]] inline void add_row(std::int64_t size, float factor, const float* x, float* y) {
#pragma omp simd
  for (std::int64_t i = 0; i < size; ++i) y[i] += factor * x[i];
}

/// What a softmax subtracts and divides by.
struct RowSum {
  float top, sum;
};

/// Replaces scores by exp(score - top). REQUIRES: size >= 1.
[[gnu::always_inline]] inline RowSum exponentials(std::int64_t size, float* scores) {
  float top = scores[0];
#pragma omp simd reduction(max : top)
  for (std::int64_t i = 0; i < size; ++i) top = scores[i] > top ? scores[i] : top;
  float sum = 0.0F;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t i = 0; i < size; ++i) {
    const float e = exp_clamped(scores[i] - top);
    scores[i] = e;
    sum += e;
  }
  return {top, sum};
}

}  // namespace orrery::cpu
