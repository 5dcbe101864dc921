#include <algorithm>
#include <cmath>

#include "calibrate/backends/cpu/kernels/kernel_functions.hpp"
#include "calibrate/backends/cpu/kernels/vector_math.hpp"

namespace orrery::cpu {
namespace {

constexpr float kEpsilon = 1e-5F;

}  // namespace

// y = gamma x rstd, rstd = 1 / sqrt(mean(x^2) + epsilon) (Zhang and Sennrich 2019).
ORRERY_VECTORISED void rms_norm_forward(const cost::RmsNorm& op, const float* x, const float* gamma, float* y,
                                        float* rstd) {
  const float per_column = 1.0F / static_cast<float>(op.cols);
  for (std::int64_t r = 0; r < op.rows; ++r, x += op.cols, y += op.cols) {
    float squares = 0.0F;
#pragma omp simd reduction(+ : squares)
    for (std::int64_t i = 0; i < op.cols; ++i) squares += x[i] * x[i];
    const float inverse = 1.0F / std::sqrt(squares * per_column + kEpsilon);
#pragma omp simd
    for (std::int64_t i = 0; i < op.cols; ++i) y[i] = x[i] * inverse * gamma[i];
    rstd[r] = inverse;
  }
}

// With h = x rstd and g = gamma dy: dx = rstd (g - h mean(g h)); dgamma is the column sums of dy h.
ORRERY_VECTORISED void rms_norm_backward(const cost::RmsNorm& op, const float* x, const float* gamma,
                                         const float* rstd, const float* dy, float* dx, float* dgamma) {
  const float per_column = 1.0F / static_cast<float>(op.cols);
  std::fill(dgamma, dgamma + op.cols, 0.0F);
  for (std::int64_t r = 0; r < op.rows; ++r, x += op.cols, dy += op.cols, dx += op.cols) {
    const float inverse = rstd[r];
    float sum_gh = 0.0F;
#pragma omp simd reduction(+ : sum_gh)
    for (std::int64_t i = 0; i < op.cols; ++i) {
      const float h = x[i] * inverse;
      sum_gh += gamma[i] * dy[i] * h;
      dgamma[i] += dy[i] * h;
    }
    const float mean_gh = sum_gh * per_column;
#pragma omp simd
    for (std::int64_t i = 0; i < op.cols; ++i) {
      dx[i] = inverse * (gamma[i] * dy[i] - x[i] * inverse * mean_gh);
    }
  }
}

}  // namespace orrery::cpu
