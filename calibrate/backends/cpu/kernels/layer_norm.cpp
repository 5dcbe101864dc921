#include <algorithm>
#include <cmath>

#include "calibrate/backends/cpu/kernels/kernel_functions.hpp"
#include "calibrate/backends/cpu/kernels/vector_math.hpp"

namespace orrery::cpu {
namespace {

constexpr float kEpsilon = 1e-5F;

}  // namespace

// y = gamma (x - mean) rstd + beta, rstd = 1 / sqrt(variance + epsilon) (Ba et al. 2016).
ORRERY_VECTORISED void layer_norm_forward(const cost::LayerNorm& op, const float* x, const float* gamma,
                                          const float* beta, float* y, float* mean, float* rstd) {
  const float per_column = 1.0F / static_cast<float>(op.cols);
  for (std::int64_t r = 0; r < op.rows; ++r, x += op.cols, y += op.cols) {
    float sum = 0.0F;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t i = 0; i < op.cols; ++i) sum += x[i];
    const float center = sum * per_column;
    float squares = 0.0F;
#pragma omp simd reduction(+ : squares)
    for (std::int64_t i = 0; i < op.cols; ++i) squares += (x[i] - center) * (x[i] - center);
    const float inverse = 1.0F / std::sqrt(squares * per_column + kEpsilon);
#pragma omp simd
    for (std::int64_t i = 0; i < op.cols; ++i) y[i] = (x[i] - center) * inverse * gamma[i] + beta[i];
    mean[r] = center;
    rstd[r] = inverse;
  }
}

// With h = (x - mean) rstd and g = gamma dy: dx = rstd (g - mean(g) - h mean(g h)); dgamma and dbeta are
// column sums of dy h and dy.
ORRERY_VECTORISED void layer_norm_backward(const cost::LayerNorm& op, const float* x, const float* gamma,
                                           const float* mean, const float* rstd, const float* dy, float* dx,
                                           float* dgamma, float* dbeta) {
  const float per_column = 1.0F / static_cast<float>(op.cols);
  std::fill(dgamma, dgamma + op.cols, 0.0F);
  std::fill(dbeta, dbeta + op.cols, 0.0F);
  for (std::int64_t r = 0; r < op.rows; ++r, x += op.cols, dy += op.cols, dx += op.cols) {
    const float center = mean[r];
    const float inverse = rstd[r];
    float sum_g = 0.0F;
    float sum_gh = 0.0F;
#pragma omp simd reduction(+ : sum_g, sum_gh)
    for (std::int64_t i = 0; i < op.cols; ++i) {
      const float h = (x[i] - center) * inverse;
      const float g = gamma[i] * dy[i];
      sum_g += g;
      sum_gh += g * h;
      dgamma[i] += dy[i] * h;
      dbeta[i] += dy[i];
    }
    const float mean_g = sum_g * per_column;
    const float mean_gh = sum_gh * per_column;
#pragma omp simd
    for (std::int64_t i = 0; i < op.cols; ++i) {
      const float h = (x[i] - center) * inverse;
      dx[i] = inverse * (gamma[i] * dy[i] - mean_g - h * mean_gh);
    }
  }
}

}  // namespace orrery::cpu
