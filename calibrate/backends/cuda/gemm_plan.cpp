#include "calibrate/backends/cuda/gemm_plan.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <limits>

#include "sim/base/error.hpp"

namespace orrery::cuda {
namespace {

/// The names of cublasLtMatmulTile_t up to the usual ones; the hundreds behind them are told by number.
constexpr std::array kTiles{
    "",       "8x8",    "8x16",    "16x8",    "8x32",    "16x16",   "32x8",    "8x64",   "16x32",
    "32x16",  "64x8",   "32x32",   "32x64",   "64x32",   "32x128",  "64x64",   "128x32", "64x128",
    "128x64", "64x256", "128x128", "256x64",  "64x512",  "128x256", "256x128", "512x64", "64x96",
    "96x64",  "96x128", "128x160", "160x128", "192x128", "128x192", "128x96",  "32x256", "256x32"};
static_assert(CUBLASLT_MATMUL_TILE_128x128 == 20 && CUBLASLT_MATMUL_TILE_256x32 == 35 && kTiles.size() == 36);

/// cublasLtMatmulStages_t up to 128x6: the depth in k of a stage, and how many there are.
std::string stages_name(std::uint32_t id) {
  static_assert(CUBLASLT_MATMUL_STAGES_16x1 == 1 && CUBLASLT_MATMUL_STAGES_64x3 == 15 &&
                CUBLASLT_MATMUL_STAGES_128x6 == 24);
  if (id >= CUBLASLT_MATMUL_STAGES_16x1 && id <= CUBLASLT_MATMUL_STAGES_128x6) {
    return fmt::format("{}x{}", 16 << (id - 1) / 6, (id - 1) % 6 + 1);
  }
  if (id >= CUBLASLT_MATMUL_STAGES_8xAUTO && id <= CUBLASLT_MATMUL_STAGES_256xAUTO) {
    return fmt::format("{}xauto", 8 << (id - CUBLASLT_MATMUL_STAGES_8xAUTO));
  }
  return fmt::format("#{}", id);
}

cudaDataType_t data_type(cost::DType dtype) {
  switch (dtype) {
    case cost::DType::fp16:
      return CUDA_R_16F;
    case cost::DType::bf16:
      return CUDA_R_16BF;
    case cost::DType::fp8:
      return CUDA_R_8F_E4M3;
    default:
      return CUDA_R_32F;
  }
}

/// The row-major matrix [rows, columns] as the column-major one on the same memory.
MatrixLayout turned(cudaDataType_t type, std::int64_t rows, std::int64_t columns) {
  return {type, columns, rows, columns, rows * columns};
}

}  // namespace

GemmLayout gemm_layout(const cost::Gemm& op) {
  const bool fp8 = op.dtype == cost::DType::fp8;
  const cudaDataType_t in = data_type(op.dtype), out = fp8 ? CUDA_R_16BF : in;
  GemmLayout g;
  g.compute = op.dtype == cost::DType::tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
  g.trans_a = op.trans_b ? CUBLAS_OP_T : CUBLAS_OP_N;
  g.trans_b = op.trans_a ? CUBLAS_OP_T : CUBLAS_OP_N;
  g.a = op.trans_b ? turned(in, op.n, op.k) : turned(in, op.k, op.n);
  g.b = op.trans_a ? turned(in, op.k, op.m) : turned(in, op.m, op.k);
  g.c = turned(out, op.m, op.n);
  g.batch = static_cast<std::int32_t>(op.batch);
  if (op.bias) g.epilogue = op.gelu ? CUBLASLT_EPILOGUE_GELU_BIAS : CUBLASLT_EPILOGUE_BIAS;
  g.beta = op.accumulate ? 1.0F : 0.0F;
  g.fp8 = fp8;
  return g;
}

bool gemm_has_layout(const cost::Gemm& op, int compute_capability) {
  if (compute_capability < 80 || (op.accumulate && op.gelu)) return false;
  if (op.batch > std::numeric_limits<std::int32_t>::max()) return false;
  switch (op.dtype) {
    case cost::DType::fp32:
    case cost::DType::tf32:
    case cost::DType::fp16:
    case cost::DType::bf16:
      return true;
    case cost::DType::fp8:
      return compute_capability >= 89 && op.trans_b && !op.trans_a && op.m % 16 == 0 && op.n % 16 == 0 &&
             op.k % 16 == 0;
    default:
      return false;
  }
}

std::string algorithm_text(const GemmAlgorithm& a) {
  const bool known = a.tile > 0 && a.tile < kTiles.size();
  std::string text = fmt::format("cublasLt algo {} tile {} stages {} splitk {}", a.id,
                                 known ? kTiles[a.tile] : fmt::format("#{}", a.tile), stages_name(a.stages),
                                 std::max(a.split_k, 1));
  const auto more = [&](const char* name, std::uint32_t value) {
    if (value != 0) text += fmt::format(" {} {}", name, value);
  };
  more("reduction", a.reduction);
  more("swizzle", a.swizzle);
  more("custom", a.custom);
  more("inner", a.inner_shape);
  more("cluster", a.cluster_shape);
  return text;
}

}  // namespace orrery::cuda
