#include <cmath>

#include "calibrate/backends/cpu/kernels/kernel_functions.hpp"
#include "calibrate/backends/cpu/kernels/vector_math.hpp"

namespace orrery::cpu {

ORRERY_VECTORISED void sgd_step(std::int64_t size, const KernelConstants& constants, float* w,
                                const float* g) {
  const float rate = constants.learning_rate;
#pragma omp simd
  for (std::int64_t i = 0; i < size; ++i) w[i] -= rate * g[i];
}

ORRERY_VECTORISED void momentum_step(std::int64_t size, const KernelConstants& constants, float* w,
                                     const float* g, float* velocity) {
  const float rate = constants.learning_rate;
  const float keep = constants.momentum;
#pragma omp simd
  for (std::int64_t i = 0; i < size; ++i) {
    const float v = keep * velocity[i] + g[i];
    velocity[i] = v;
    w[i] -= rate * v;
  }
}

// Kingma and Ba 2015, algorithm 1, with the bias corrections folded into two factors:
// w -= rate/(1-b1^t) m / (sqrt(v/(1-b2^t)) + epsilon).
ORRERY_VECTORISED void adam_step(std::int64_t size, const KernelConstants& constants, float* w,
                                 const float* g, float* m, float* v) {
  const float b1 = constants.beta1;
  const float b2 = constants.beta2;
  const float epsilon = constants.epsilon;
  const float rate = constants.learning_rate / (1.0F - std::pow(b1, static_cast<float>(constants.step)));
  const float correction = 1.0F / std::sqrt(1.0F - std::pow(b2, static_cast<float>(constants.step)));
#pragma omp simd
  for (std::int64_t i = 0; i < size; ++i) {
    const float first = b1 * m[i] + (1.0F - b1) * g[i];
    const float second = b2 * v[i] + (1.0F - b2) * g[i] * g[i];
    m[i] = first;
    v[i] = second;
    w[i] -= rate * first / (std::sqrt(second) * correction + epsilon);
  }
}

}  // namespace orrery::cpu
