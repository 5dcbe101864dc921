#include "calibrate/backends/cpu/products/loops/plain_gemm.hpp"

#include <algorithm>
#include <vector>

#include "calibrate/backends/cpu/kernels/vector_math.hpp"

namespace orrery::cpu {
namespace {

constexpr std::int64_t kDepth = 64;  ///< rows of B in one block
constexpr std::int64_t kWidth =
    256;  ///< columns of B in one block: with kDepth 64 KiB, half an L2 cache or less
constexpr std::int64_t kRows = 4;  ///< rows of C that share one reading of the block

/// A block of op(B), dense and row by row, whatever way B is stored.
struct Block {
  std::int64_t depth, width;
  std::vector<float> numbers = std::vector<float>(kDepth * kWidth);
};

void pack(const cost::Gemm& op, const float* b, std::int64_t l0, std::int64_t j0, Block& block) {
  block.depth = std::min(kDepth, op.k - l0);
  block.width = std::min(kWidth, op.n - j0);
  for (std::int64_t l = 0; l < block.depth; ++l) {
    float* to = block.numbers.data() + l * block.width;
    if (op.trans_b) {
      const float* from = b + j0 * op.k + l0 + l;
      for (std::int64_t j = 0; j < block.width; ++j) to[j] = from[j * op.k];
    } else {
      const float* from = b + (l0 + l) * op.n + j0;
      std::copy(from, from + block.width, to);
    }
  }
}

/// Adds A's columns of this depth times the block to `rows` rows of C; element (i, l) of A lies at
/// a[i * row + l * column].
ORRERY_VECTORISED void multiply_rows(const Block& block, std::int64_t rows, const float* a, std::int64_t row,
                                     std::int64_t column, float* c, std::int64_t ldc) {
  for (std::int64_t l = 0; l < block.depth; ++l, a += column) {
    const float* b = block.numbers.data() + l * block.width;
    if (rows == kRows) {
      const float a0 = a[0], a1 = a[row], a2 = a[2 * row], a3 = a[3 * row];
      float* c1 = c + ldc;
      float* c2 = c1 + ldc;
      float* c3 = c2 + ldc;
#pragma omp simd
      for (std::int64_t j = 0; j < block.width; ++j) {
        c[j] += a0 * b[j];
        c1[j] += a1 * b[j];
        c2[j] += a2 * b[j];
        c3[j] += a3 * b[j];
      }
    } else {
      for (std::int64_t i = 0; i < rows; ++i) {
        const float factor = a[i * row];
        float* out = c + i * ldc;
#pragma omp simd
        for (std::int64_t j = 0; j < block.width; ++j) out[j] += factor * b[j];
      }
    }
  }
}

}  // namespace

void plain_gemm(const cost::Gemm& op, const float* a, const float* b, float* c) {
  const std::int64_t row = op.trans_a ? 1 : op.k;
  const std::int64_t column = op.trans_a ? op.m : 1;
  Block block{};
  if (!op.accumulate) std::fill(c, c + op.batch * op.m * op.n, 0.0F);
  for (std::int64_t p = 0; p < op.batch; ++p, a += op.m * op.k, b += op.k * op.n, c += op.m * op.n) {
    for (std::int64_t l = 0; l < op.k; l += kDepth) {
      for (std::int64_t j = 0; j < op.n; j += kWidth) {
        pack(op, b, l, j, block);
        for (std::int64_t i = 0; i < op.m; i += kRows) {
          multiply_rows(block, std::min(kRows, op.m - i), a + i * row + l * column, row, column,
                        c + i * op.n + j, op.n);
        }
      }
    }
  }
}

}  // namespace orrery::cpu
