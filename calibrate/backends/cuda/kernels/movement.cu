// Operators that only move numbers: embedding look-up and its gradient, transpose, change of type.
#include "calibrate/backends/cuda/kernels/flat.cuh"
#include "calibrate/backends/cuda/kernels/launchers.hpp"
#include "calibrate/backends/cuda/kernels/number.cuh"

namespace orrery::cuda {
namespace {

/// y[t] = table[ids[t]]. REQUIRES: chunks do not reach across the end of a row.
template <class T>
struct LookUp {
  const std::int32_t* ids;
  const T* table;
  T* y;
  std::int64_t width;
  template <int N>
  __device__ void at(std::int64_t i) const {
    const Position p = divide(i, width);
    const T* from = table + ids[p.quotient] * width + p.rest;
    *reinterpret_cast<Chunk<T, N>*>(y + i) = *reinterpret_cast<const Chunk<T, N>*>(from);
  }
};

/// dtable[ids[t]] += dy[t], one number per thread, so that a warp's additions fall into whole cache lines.
template <class T>
struct LookUpGradient {
  const std::int32_t* ids;
  const T* dy;
  float* dtable;
  std::int64_t width;
  template <int N>
  __device__ void at(std::int64_t i) const {
    static_assert(N == 1);
    const Position p = divide(i, width);
    atomicAdd(dtable + ids[p.quotient] * width + p.rest, to_float(dy[i]));
  }
};

template <class From, class To>
struct Convert {
  const From* x;
  To* y;
  template <int N>
  __device__ void at(std::int64_t i) const {
    float v[N];
    load(x + i, v);
    store(v, y + i);
  }
};

struct TransposeShape {
  std::int64_t rows, cols, inner;  // inner in units of the moved type
};

/// [rows, cols, inner] -> [cols, rows, inner] by runs of `inner` units; i counts units of the result.
template <class Unit>
struct TransposeRuns {
  const Unit* x;
  Unit* y;
  TransposeShape shape;
  template <int N>
  __device__ void at(std::int64_t i) const {
    static_assert(N == 1);
    const Position run = divide(i, shape.inner);
    const Position row = divide(run.quotient, shape.rows);  // rest: row of x
    const Position col = divide(row.quotient, shape.cols);  // quotient: batch, rest: column of x
    const std::int64_t from = (col.quotient * shape.rows + row.rest) * shape.cols + col.rest;
    y[i] = x[from * shape.inner + run.rest];
  }
};

constexpr int kTile = 32, kTileRows = 8;

/// inner = 1: through a tile in shared memory, so that both reading and writing go along cache lines.
template <class Unit>
__global__ void __launch_bounds__(kTile* kTileRows)
    transpose_tiles(const Unit* x, Unit* y, std::int64_t batch, std::int64_t rows, std::int64_t cols) {
  __shared__ Unit tile[kTile][kTile + 1];
  const std::int64_t tiles_across = (cols + kTile - 1) / kTile, tiles_down = (rows + kTile - 1) / kTile;
  for (std::int64_t t = blockIdx.x; t < batch * tiles_across * tiles_down; t += gridDim.x) {
    const Position across = divide(t, tiles_across);
    const Position down = divide(across.quotient, tiles_down);
    const std::int64_t c0 = across.rest * kTile, r0 = down.rest * kTile, plane = down.quotient * rows * cols;
    __syncthreads();  // the tile before has been written
    for (std::int64_t k = threadIdx.y; k < kTile; k += kTileRows) {
      const std::int64_t r = r0 + k, c = c0 + threadIdx.x;
      if (r < rows && c < cols) tile[k][threadIdx.x] = x[plane + r * cols + c];
    }
    __syncthreads();
    for (std::int64_t k = threadIdx.y; k < kTile; k += kTileRows) {
      const std::int64_t c = c0 + k, r = r0 + threadIdx.x;
      if (r < rows && c < cols) y[plane + c * rows + r] = tile[threadIdx.x][k];
    }
  }
}

template <class Unit>
void transpose_matrices(const cost::Transpose& op, const Call& call) {
  const std::int64_t tiles = op.batch * ((op.rows + kTile - 1) / kTile) * ((op.cols + kTile - 1) / kTile);
  if (tiles == 0) return;
  transpose_tiles<<<static_cast<unsigned>(std::min(tiles, kFlatBlocksMax)), dim3(kTile, kTileRows), 0,
                    call.stream>>>(call.at<Unit>(0), call.at<Unit>(1), op.batch, op.rows, op.cols);
  CUDA_CHECK(cudaGetLastError());
}

template <class Unit>
void transpose_runs(const cost::Transpose& op, std::int64_t run_bytes, const Call& call) {
  const std::int64_t inner = run_bytes / static_cast<std::int64_t>(sizeof(Unit));
  launch_flat<1>(op.batch * op.rows * op.cols * inner,
                 TransposeRuns<Unit>{call.at<Unit>(0), call.at<Unit>(1), {op.rows, op.cols, inner}},
                 call.stream);
}

template <class From>
void convert_from(const cost::Cast& op, const Call& call) {
  const auto to = [&](auto zero) {
    using To = decltype(zero);
    constexpr int n = kPerChunk<From> < kPerChunk<To> ? kPerChunk<From> : kPerChunk<To>;
    launch_flat<n>(op.elements, Convert<From, To>{call.at<From>(0), call.at<To>(1)}, call.stream);
  };
  if (op.to == cost::DType::fp8) return to(__nv_fp8_e4m3{});
  with_type(op.to, to);
}

}  // namespace

void launch(const cost::Embedding& op, const Call& call) {
  with_type(op.dtype, [&](auto zero) {
    using T = decltype(zero);
    const std::int64_t size = op.tokens * op.width;
    const std::int32_t* ids = call.at<std::int32_t>(0);
    if (op.pass == cost::Pass::backward) {
      launch_flat<1>(size, LookUpGradient<T>{ids, call.at<T>(1), call.at<float>(2), op.width}, call.stream);
      return;
    }
    const LookUp<T> f{ids, call.at<T>(1), call.at<T>(2), op.width};
    if (op.width % kPerChunk<T> == 0) {
      launch_flat<kPerChunk<T>>(size, f, call.stream);
    } else {
      launch_flat<1>(size, f, call.stream);
    }
  });
}

void launch(const cost::Transpose& op, const Call& call) {
  const std::int64_t run_bytes = op.inner * cost::bytes_of(op.dtype);
  if (op.inner == 1) {
    if (run_bytes == 4) return transpose_matrices<std::uint32_t>(op, call);
    if (run_bytes == 2) return transpose_matrices<std::uint16_t>(op, call);
    return transpose_matrices<std::uint8_t>(op, call);
  }
  if (run_bytes % 16 == 0) return transpose_runs<uint4>(op, run_bytes, call);
  if (run_bytes % 4 == 0) return transpose_runs<std::uint32_t>(op, run_bytes, call);
  if (run_bytes % 2 == 0) return transpose_runs<std::uint16_t>(op, run_bytes, call);
  transpose_runs<std::uint8_t>(op, run_bytes, call);
}

void launch(const cost::Cast& op, const Call& call) {
  if (op.from == cost::DType::fp8) return convert_from<__nv_fp8_e4m3>(op, call);
  with_type(op.from, [&](auto zero) { convert_from<decltype(zero)>(op, call); });
}

}  // namespace orrery::cuda
