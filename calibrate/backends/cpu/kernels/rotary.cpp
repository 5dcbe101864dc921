#include <cmath>
#include <vector>

#include "calibrate/backends/cpu/kernels/kernel_functions.hpp"
#include "calibrate/backends/cpu/kernels/vector_math.hpp"

namespace orrery::cpu {
namespace {

/// Rotates `pairs` pairs (x[i], x[i + pairs]) by the angles whose cosines and sines are given.
ORRERY_VECTORISED void rotate(std::int64_t pairs, const float* cosine, const float* sine, float* x) {
#pragma omp simd
  for (std::int64_t i = 0; i < pairs; ++i) {
    const float first = x[i];
    const float second = x[i + pairs];
    x[i] = first * cosine[i] - second * sine[i];
    x[i + pairs] = first * sine[i] + second * cosine[i];
  }
}

}  // namespace

// Angles are computed in double: at position 10^5 a float's angle would be wrong by a hundredth.
void rotary(const cost::Rotary& op, float* x, const std::int32_t* positions) {
  const std::int64_t pairs = op.head_dim / 2;
  const auto size = static_cast<std::size_t>(pairs);
  const double direction = op.pass == cost::Pass::forward ? 1.0 : -1.0;
  std::vector<double> frequencies(size);
  for (std::size_t i = 0; i < size; ++i) {
    frequencies[i] = std::pow(10000.0, -2.0 * static_cast<double>(i) / static_cast<double>(op.head_dim));
  }
  std::vector<float> cosine(size);
  std::vector<float> sine(size);
  for (std::int64_t t = 0; t < op.tokens; ++t) {
    for (std::size_t i = 0; i < size; ++i) {
      const double angle = static_cast<double>(positions[t]) * frequencies[i];
      cosine[i] = static_cast<float>(std::cos(angle));
      sine[i] = static_cast<float>(direction * std::sin(angle));
    }
    for (std::int64_t h = 0; h < op.heads; ++h, x += op.head_dim) {
      rotate(pairs, cosine.data(), sine.data(), x);
    }
  }
}

}  // namespace orrery::cpu
