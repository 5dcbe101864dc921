// GEMMs in cuBLASLt's words: the numbers that the library gets, against products worked out by hand and
// against a column-major product in plain loops.
#include <catch2/catch.hpp>
#include <vector>

#include "calibrate/backends/cuda/device_kernel.hpp"
#include "calibrate/backends/cuda/gemm_plan.hpp"

namespace {

using namespace orrery;
using cost::DType;
using cost::Gemm;
using cuda::GemmLayout;
using cuda::MatrixLayout;

void check(const MatrixLayout& m, cudaDataType_t type, std::int64_t rows, std::int64_t columns,
           std::int64_t leading, std::int64_t stride) {
  CHECK(m.type == type);
  CHECK(m.rows == rows);
  CHECK(m.columns == columns);
  CHECK(m.leading == leading);
  CHECK(m.batch_stride == stride);
}

/// What cuBLASLt computes from such descriptors: column-major, D = op(A) op(B) + beta C, the bias along the
/// rows.
std::vector<int> computed(const GemmLayout& g, const std::vector<int>& a, const std::vector<int>& b,
                          std::vector<int> c, const std::vector<int>& bias) {
  const auto element = [](const std::vector<int>& x, const MatrixLayout& m, bool turned, std::int64_t batch,
                          std::int64_t row, std::int64_t column) {
    if (turned) std::swap(row, column);
    return x.at(static_cast<std::size_t>(batch * m.batch_stride + column * m.leading + row));
  };
  const std::int64_t depth = g.trans_a == CUBLAS_OP_T ? g.a.rows : g.a.columns;
  for (std::int64_t batch = 0; batch < g.batch; ++batch) {
    for (std::int64_t row = 0; row < g.c.rows; ++row) {
      for (std::int64_t column = 0; column < g.c.columns; ++column) {
        int sum = bias.empty() ? 0 : bias.at(static_cast<std::size_t>(row));
        for (std::int64_t i = 0; i < depth; ++i) {
          sum += element(a, g.a, g.trans_a == CUBLAS_OP_T, batch, row, i) *
                 element(b, g.b, g.trans_b == CUBLAS_OP_T, batch, i, column);
        }
        int& to = c.at(static_cast<std::size_t>(batch * g.c.batch_stride + column * g.c.leading + row));
        to = sum + static_cast<int>(g.beta) * to;
      }
    }
  }
  return c;
}

/// The operator as costmodel/op.hpp states it: row-major.
std::vector<int> wanted(const Gemm& op, const std::vector<int>& a, const std::vector<int>& b,
                        std::vector<int> c, const std::vector<int>& bias) {
  for (std::int64_t t = 0; t < op.batch; ++t) {
    for (std::int64_t i = 0; i < op.m; ++i) {
      for (std::int64_t j = 0; j < op.n; ++j) {
        int sum = bias.empty() ? 0 : bias.at(static_cast<std::size_t>(j));
        for (std::int64_t k = 0; k < op.k; ++k) {
          sum +=
              a.at(static_cast<std::size_t>(t * op.m * op.k + (op.trans_a ? k * op.m + i : i * op.k + k))) *
              b.at(static_cast<std::size_t>(t * op.k * op.n + (op.trans_b ? j * op.k + k : k * op.n + j)));
        }
        int& to = c.at(static_cast<std::size_t>((t * op.m + i) * op.n + j));
        to = sum + (op.accumulate ? to : 0);
      }
    }
  }
  return c;
}

std::vector<int> numbers(std::int64_t count, int seed) {
  std::vector<int> result;
  for (std::int64_t i = 0; i < count; ++i) result.push_back(static_cast<int>((i * 7 + seed) % 11) - 5);
  return result;
}

}  // namespace

TEST_CASE("a plain product swaps its matrices and keeps their memory") {
  const GemmLayout g = cuda::gemm_layout({.m = 3, .n = 5, .k = 7});
  CHECK(g.compute == CUBLAS_COMPUTE_32F);
  CHECK(g.trans_a == CUBLAS_OP_N);
  CHECK(g.trans_b == CUBLAS_OP_N);
  check(g.a, CUDA_R_32F, 5, 7, 5, 35);
  check(g.b, CUDA_R_32F, 7, 3, 7, 21);
  check(g.c, CUDA_R_32F, 5, 3, 5, 15);
  CHECK(g.epilogue == CUBLASLT_EPILOGUE_DEFAULT);
  CHECK(g.beta == 0.0F);
}

TEST_CASE("every product that cuBLASLt is given equals the row-major one") {
  for (const bool trans_a : {false, true}) {
    for (const bool trans_b : {false, true}) {
      for (const bool accumulate : {false, true}) {
        const Gemm op{.m = 3,
                      .n = 5,
                      .k = 4,
                      .batch = 2,
                      .trans_a = trans_a,
                      .trans_b = trans_b,
                      .accumulate = accumulate,
                      .bias = true};
        const auto a = numbers(24, 1), b = numbers(40, 2), c = numbers(30, 3), bias = numbers(5, 4);
        CHECK(computed(cuda::gemm_layout(op), b, a, c, bias) == wanted(op, a, b, c, bias));
      }
    }
  }
}

TEST_CASE("types decide what is multiplied and how it is summed") {
  CHECK(cuda::gemm_layout({.dtype = DType::tf32}).compute == CUBLAS_COMPUTE_32F_FAST_TF32);
  CHECK(cuda::gemm_layout({.dtype = DType::tf32}).a.type == CUDA_R_32F);
  CHECK(cuda::gemm_layout({.dtype = DType::fp16}).c.type == CUDA_R_16F);
  CHECK(cuda::gemm_layout({.dtype = DType::bf16}).compute == CUBLAS_COMPUTE_32F);
  const GemmLayout fp8 = cuda::gemm_layout({.m = 16, .n = 32, .k = 48, .trans_b = true, .dtype = DType::fp8});
  CHECK(fp8.fp8);
  CHECK(fp8.trans_a == CUBLAS_OP_T);
  CHECK(fp8.trans_b == CUBLAS_OP_N);
  check(fp8.a, CUDA_R_8F_E4M3, 48, 32, 48, 48 * 32);
  check(fp8.c, CUDA_R_16BF, 32, 16, 32, 16 * 32);
}

TEST_CASE("bias and GELU become epilogues, adding to C becomes beta") {
  CHECK(cuda::gemm_layout({.bias = true}).epilogue == CUBLASLT_EPILOGUE_BIAS);
  CHECK(cuda::gemm_layout({.bias = true, .gelu = true}).epilogue == CUBLASLT_EPILOGUE_GELU_BIAS);
  CHECK(cuda::gemm_layout({.accumulate = true}).beta == 1.0F);
}

TEST_CASE("fp8 needs its layout, its multiples of 16 and its architecture") {
  const Gemm fp8{.m = 16, .n = 32, .k = 48, .trans_b = true, .dtype = DType::fp8};
  CHECK(cuda::gemm_has_layout(fp8, 90));
  CHECK(cuda::gemm_has_layout(fp8, 89));
  CHECK_FALSE(cuda::gemm_has_layout(fp8, 80));
  for (Gemm other : {fp8, fp8, fp8}) {
    static int which = 0;
    (which == 0 ? other.m : which == 1 ? other.n : other.k) += 8;
    ++which;
    CHECK_FALSE(cuda::gemm_has_layout(other, 90));
  }
  Gemm plain = fp8;
  plain.trans_b = false;
  CHECK_FALSE(cuda::gemm_has_layout(plain, 90));
}

TEST_CASE("a sum behind a GELU is no single product") {
  CHECK_FALSE(cuda::gemm_has_layout({.accumulate = true, .bias = true, .gelu = true}, 90));
  CHECK(cuda::gemm_has_layout({.accumulate = true, .bias = true}, 90));
  CHECK_FALSE(cuda::gemm_has_layout({.dtype = DType::int32}, 90));
}

TEST_CASE("an algorithm's text names tile and stages and leaves defaults out") {
  CHECK(cuda::algorithm_text(
            {.id = 66, .tile = CUBLASLT_MATMUL_TILE_128x128, .stages = CUBLASLT_MATMUL_STAGES_64x3}) ==
        "cublasLt algo 66 tile 128x128 stages 64x3 splitk 1");
  CHECK(cuda::algorithm_text({.id = 21,
                              .tile = CUBLASLT_MATMUL_TILE_256x32,
                              .stages = CUBLASLT_MATMUL_STAGES_16x1,
                              .reduction = CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE,
                              .swizzle = 1,
                              .split_k = 4,
                              .cluster_shape = CUBLASLT_CLUSTER_SHAPE_2x1x1}) ==
        "cublasLt algo 21 tile 256x32 stages 16x1 splitk 4 reduction 2 swizzle 1 cluster 3");
  CHECK(cuda::algorithm_text(
            {.id = 66, .tile = CUBLASLT_MATMUL_TILE_256x512, .stages = CUBLASLT_MATMUL_STAGES_128xAUTO}) ==
        "cublasLt algo 66 tile #631 stages 128xauto splitk 1");
}
