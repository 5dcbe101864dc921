#include <algorithm>

#include "calibrate/backends/cpu/kernels/kernel_functions.hpp"
#include "calibrate/backends/cpu/kernels/vector_math.hpp"

namespace orrery::cpu {
namespace {

// GELU in its tanh form, 0.5 x (1 + tanh(u)) with u = sqrt(2/pi) (x + 0.044715 x^3) (Hendrycks and Gimpel
// 2016). Because (1 + tanh(u)) / 2 = sigmoid(2u), it is x sigmoid(z) with z = 2u, free of cancellation.
constexpr float kSlope = 1.5957691216F;  // 2 sqrt(2/pi)
constexpr float kCubic = 0.044715F;

}  // namespace

ORRERY_VECTORISED void gelu_forward(std::int64_t size, const float* x, float* y) {
#pragma omp simd
  for (std::int64_t i = 0; i < size; ++i) {
    const float v = x[i];
    y[i] = v * sigmoid(kSlope * (v + kCubic * v * v * v));
  }
}

// d/dx [x s(z)] = s + x s (1 - s) dz/dx.
ORRERY_VECTORISED void gelu_backward(std::int64_t size, const float* x, const float* dy, float* dx) {
#pragma omp simd
  for (std::int64_t i = 0; i < size; ++i) {
    const float v = x[i];
    const float s = sigmoid(kSlope * (v + kCubic * v * v * v));
    const float dz = kSlope * (1.0F + 3.0F * kCubic * v * v);
    dx[i] = dy[i] * (s + v * s * (1.0F - s) * dz);
  }
}

// y = g s(g) u (Shazeer 2020).
ORRERY_VECTORISED void swiglu_forward(std::int64_t size, const float* gate, const float* up, float* y) {
#pragma omp simd
  for (std::int64_t i = 0; i < size; ++i) y[i] = gate[i] * sigmoid(gate[i]) * up[i];
}

// d/dg [g s(g)] = s + g s (1 - s).
ORRERY_VECTORISED void swiglu_backward(std::int64_t size, const float* gate, const float* up, const float* dy,
                                       float* dgate, float* dup) {
#pragma omp simd
  for (std::int64_t i = 0; i < size; ++i) {
    const float g = gate[i];
    const float s = sigmoid(g);
    const float slope = s + g * s * (1.0F - s);
    dgate[i] = dy[i] * up[i] * slope;
    dup[i] = dy[i] * g * s;
  }
}

ORRERY_VECTORISED void relu_forward(std::int64_t size, const float* x, float* y) {
#pragma omp simd
  for (std::int64_t i = 0; i < size; ++i) y[i] = x[i] > 0.0F ? x[i] : 0.0F;
}

ORRERY_VECTORISED void relu_backward(std::int64_t size, const float* y, const float* dy, float* dx) {
#pragma omp simd
  for (std::int64_t i = 0; i < size; ++i) {
    const float slope = y[i] > 0.0F ? 1.0F : 0.0F;
    dx[i] = dy[i] * slope;
  }
}

ORRERY_VECTORISED void bias(std::int64_t rows, std::int64_t cols, float* x, const float* b) {
  for (std::int64_t r = 0; r < rows; ++r, x += cols) {
#pragma omp simd
    for (std::int64_t i = 0; i < cols; ++i) x[i] += b[i];
  }
}

ORRERY_VECTORISED void bias_gradient(std::int64_t rows, std::int64_t cols, const float* dy, float* db) {
  std::fill(db, db + cols, 0.0F);
  for (std::int64_t r = 0; r < rows; ++r, dy += cols) {
#pragma omp simd
    for (std::int64_t i = 0; i < cols; ++i) db[i] += dy[i];
  }
}

ORRERY_VECTORISED void add(std::int64_t size, const float* a, const float* b, float* y) {
#pragma omp simd
  for (std::int64_t i = 0; i < size; ++i) y[i] = a[i] + b[i];
}

ORRERY_VECTORISED void scale(std::int64_t size, float factor, float* x) {
#pragma omp simd
  for (std::int64_t i = 0; i < size; ++i) x[i] *= factor;
}

}  // namespace orrery::cpu
