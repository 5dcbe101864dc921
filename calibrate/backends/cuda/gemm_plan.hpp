// A GEMM in cuBLASLt's words, as plain data: cuBLASLt is column-major, Orrery row-major, so the library
// computes the transposed product C^T[n, m] = op(B)^T[n, k] op(A)^T[k, m] on the same memory. Its A is our B,
// its B our A, and a bias of n elements runs along the rows of its result, as its epilogues want it.
#pragma once

#include <cstdint>
#include <string>

#include "calibrate/backends/cuda/cublas_lt.hpp"
#include "costmodel/op.hpp"

namespace orrery::cuda {

/// A column-major matrix (or a batch of them, `batch_stride` elements apart).
struct MatrixLayout {
  cudaDataType_t type = CUDA_R_32F;
  std::int64_t rows = 1, columns = 1, leading = 1, batch_stride = 1;
};

struct GemmLayout {
  cublasComputeType_t compute = CUBLAS_COMPUTE_32F;
  cublasOperation_t trans_a = CUBLAS_OP_N, trans_b = CUBLAS_OP_N;  ///< of the library's A and B
  MatrixLayout a, b, c;                                            ///< the library's: our B, our A, our C
  std::int32_t batch = 1;
  cublasLtEpilogue_t epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  float beta = 0.0F;
  /// Scales of 1 and fast accumulation (no promotion of partial sums between instructions).
  bool fp8 = false;
};

/// REQUIRES: gemm_has_layout(op).
GemmLayout gemm_layout(const cost::Gemm& op);

/// Whether cuBLASLt has such a product at all on a device of this compute capability (90 for 9.0). fp8 only
/// as class gemm_nt, with all dimensions multiples of 16. Not: adding to C behind a GELU.
bool gemm_has_layout(const cost::Gemm& op, int compute_capability);

/// What cuBLASLt says about an algorithm.
struct GemmAlgorithm {
  std::int32_t id = -1;
  std::uint32_t tile = 0, stages = 0, reduction = 0, swizzle = 0, custom = 0;
  std::int32_t split_k = 1;
  std::uint16_t inner_shape = 0, cluster_shape = 0;
};

/// "cublasLt algo 66 tile 128x128 stages 64x4 splitk 1 reduction 0 cluster 3": what is at its default is left
/// out behind the stages.
std::string algorithm_text(const GemmAlgorithm& algorithm);

}  // namespace orrery::cuda
