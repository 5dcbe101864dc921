#include <cstring>

#include "calibrate/backends/cpu/kernels/kernel_functions.hpp"
#include "calibrate/backends/cpu/kernels/vector_math.hpp"

namespace orrery::cpu {

void embedding_forward(const cost::Embedding& op, const std::int32_t* ids, const float* table, float* y) {
  const std::size_t row = static_cast<std::size_t>(op.width) * sizeof(float);
  for (std::int64_t t = 0; t < op.tokens; ++t) std::memcpy(y + t * op.width, table + ids[t] * op.width, row);
}

ORRERY_VECTORISED void embedding_backward(const cost::Embedding& op, const std::int32_t* ids, const float* dy,
                                          float* dtable) {
  for (std::int64_t t = 0; t < op.tokens; ++t, dy += op.width) {
    float* row = dtable + ids[t] * op.width;
#pragma omp simd
    for (std::int64_t i = 0; i < op.width; ++i) row[i] += dy[i];
  }
}

void transpose(const cost::Transpose& op, const float* x, float* y) {
  const std::size_t run = static_cast<std::size_t>(op.inner) * sizeof(float);
  const std::int64_t plane = op.rows * op.cols * op.inner;
  for (std::int64_t b = 0; b < op.batch; ++b, x += plane, y += plane) {
    for (std::int64_t c = 0; c < op.cols; ++c) {
      const float* from = x + c * op.inner;
      float* to = y + c * op.rows * op.inner;
      for (std::int64_t r = 0; r < op.rows; ++r) {
        std::memcpy(to + r * op.inner, from + r * op.cols * op.inner, run);
      }
    }
  }
}

}  // namespace orrery::cpu
