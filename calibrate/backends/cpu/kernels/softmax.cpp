#include <algorithm>
#include <cmath>

#include "calibrate/backends/cpu/kernels/kernel_functions.hpp"
#include "calibrate/backends/cpu/kernels/vector_math.hpp"

namespace orrery::cpu {
namespace {

float factor(const cost::Softmax& op) {
  return op.scale_dim > 0 ? 1.0F / std::sqrt(static_cast<float>(op.scale_dim)) : 1.0F;
}

/// Row `r` of a causal softmax sees this many columns.
inline std::int64_t visible(const cost::Softmax& op, std::int64_t r) {
  return op.causal ? r % op.cols + 1 : op.cols;
}

}  // namespace

ORRERY_VECTORISED void softmax_forward(const cost::Softmax& op, const float* x, float* y) {
  const float k = factor(op);
  for (std::int64_t r = 0; r < op.rows; ++r, x += op.cols, y += op.cols) {
    const std::int64_t n = visible(op, r);
    float top = x[0];
#pragma omp simd reduction(max : top)
    for (std::int64_t i = 0; i < n; ++i) top = x[i] > top ? x[i] : top;
    float sum = 0.0F;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t i = 0; i < n; ++i) {
      const float e = exp_clamped((x[i] - top) * k);
      y[i] = e;
      sum += e;
    }
    const float inverse = 1.0F / sum;
#pragma omp simd
    for (std::int64_t i = 0; i < n; ++i) y[i] *= inverse;
    std::fill(y + n, y + op.cols, 0.0F);
  }
}

// With p = softmax(k x): dx_i = k p_i (dy_i - sum_j p_j dy_j).
ORRERY_VECTORISED void softmax_backward(const cost::Softmax& op, const float* y, const float* dy, float* dx) {
  const float k = factor(op);
  for (std::int64_t r = 0; r < op.rows; ++r, y += op.cols, dy += op.cols, dx += op.cols) {
    const std::int64_t n = visible(op, r);
    float dot = 0.0F;
#pragma omp simd reduction(+ : dot)
    for (std::int64_t i = 0; i < n; ++i) dot += y[i] * dy[i];
#pragma omp simd
    for (std::int64_t i = 0; i < n; ++i) dx[i] = k * y[i] * (dy[i] - dot);
    std::fill(dx + n, dx + op.cols, 0.0F);
  }
}

// loss = mean over rows of log(sum_j exp(x_j)) - x_label; its gradient is (softmax(x) - one_hot(label)) /
// rows.
ORRERY_VECTORISED void cross_entropy(const cost::CrossEntropy& op, const float* logits,
                                     const std::int32_t* labels, float* dlogits, float* loss) {
  const float per_row = 1.0F / static_cast<float>(op.rows);
  double total = 0.0;
  for (std::int64_t r = 0; r < op.rows; ++r, logits += op.classes, dlogits += op.classes) {
    const float at_label = logits[labels[r]];
    float top = logits[0];
#pragma omp simd reduction(max : top)
    for (std::int64_t i = 0; i < op.classes; ++i) top = logits[i] > top ? logits[i] : top;
    float sum = 0.0F;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t i = 0; i < op.classes; ++i) {
      const float e = exp_clamped(logits[i] - top);
      dlogits[i] = e;
      sum += e;
    }
    const float inverse = per_row / sum;
#pragma omp simd
    for (std::int64_t i = 0; i < op.classes; ++i) dlogits[i] *= inverse;
    dlogits[labels[r]] -= per_row;
    total += std::log(static_cast<double>(sum)) + static_cast<double>(top - at_label);
  }
  *loss = static_cast<float>(total / static_cast<double>(op.rows));
}

}  // namespace orrery::cpu
