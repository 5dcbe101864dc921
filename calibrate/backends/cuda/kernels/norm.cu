// Layer and RMS normalisation. One body serves both: RMS normalisation is layer normalisation with mean 0 and
// without beta. Formulas stand beside the CPU kernels; the variance is taken about the mean in a second
// reading.
#include "calibrate/backends/cuda/kernels/columns.cuh"
#include "calibrate/backends/cuda/kernels/launchers.hpp"
#include "calibrate/backends/cuda/kernels/rows.cuh"

namespace orrery::cuda {
namespace {

constexpr float kEpsilon = 1e-5F;

/// y = gamma (x - mean) rstd + beta, rstd = 1 / sqrt(variance + epsilon).
template <class T, bool kCentered>
struct NormForward {
  const T* x;
  const T* gamma;
  const T* beta;  // centered only
  T* y;
  float* mean;  // centered only
  float* rstd;
  std::int64_t cols;

  template <int N, int kThreads>
  __device__ void row(std::int64_t r) const {
    const T* from = x + r * cols;
    float center = 0.0F;
    if constexpr (kCentered) {
      float sum = 0.0F;
      for (std::int64_t c = row_lane<kThreads>() * N; c < cols; c += kThreads * N) {
        float v[N];
        load(from + c, v);
#pragma unroll
        for (int i = 0; i < N; ++i) sum += v[i];
      }
      center = row_sum<kThreads>(sum) / static_cast<float>(cols);
    }
    float squares = 0.0F;
    for (std::int64_t c = row_lane<kThreads>() * N; c < cols; c += kThreads * N) {
      float v[N];
      load(from + c, v);
#pragma unroll
      for (int i = 0; i < N; ++i) squares += (v[i] - center) * (v[i] - center);
    }
    const float variance = row_sum<kThreads>(squares) / static_cast<float>(cols);
    const float inverse = 1.0F / sqrtf(variance + kEpsilon);
    for (std::int64_t c = row_lane<kThreads>() * N; c < cols; c += kThreads * N) {
      float v[N], g[N], b[N] = {};
      load(from + c, v);
      load(gamma + c, g);
      if constexpr (kCentered) load(beta + c, b);
#pragma unroll
      for (int i = 0; i < N; ++i) v[i] = (v[i] - center) * inverse * g[i] + b[i];
      store(v, y + r * cols + c);
    }
    if (row_lane<kThreads>() == 0) {
      rstd[r] = inverse;
      if constexpr (kCentered) mean[r] = center;
    }
  }
};

/// What the backward pass reads.
template <class T>
struct NormInputs {
  const T* x;
  const T* gamma;
  const float* mean;  // centered only
  const float* rstd;
  const T* dy;
  std::int64_t cols;
};

/// With h = (x - mean) rstd and g = gamma dy: dx = rstd (g - mean(g) - h mean(g h)); without centering the
/// term mean(g) drops out.
template <class T, bool kCentered>
struct NormBackward {
  NormInputs<T> in;
  T* dx;

  template <int N>
  __device__ void terms(std::int64_t r, std::int64_t c, float (&h)[N], float (&g)[N]) const {
    const float center = kCentered ? in.mean[r] : 0.0F;
    const float inverse = in.rstd[r];
    float weight[N];
    load(in.x + r * in.cols + c, h);
    load(in.dy + r * in.cols + c, g);
    load(in.gamma + c, weight);
#pragma unroll
    for (int i = 0; i < N; ++i) {
      h[i] = (h[i] - center) * inverse;
      g[i] *= weight[i];
    }
  }

  template <int N, int kThreads>
  __device__ void row(std::int64_t r) const {
    float sum_g = 0.0F, sum_gh = 0.0F, h[N], g[N];
    for (std::int64_t c = row_lane<kThreads>() * N; c < in.cols; c += kThreads * N) {
      terms(r, c, h, g);
#pragma unroll
      for (int i = 0; i < N; ++i) {
        sum_g += g[i];
        sum_gh += g[i] * h[i];
      }
    }
    const float mean_g = kCentered ? row_sum<kThreads>(sum_g) / static_cast<float>(in.cols) : 0.0F;
    const float mean_gh = row_sum<kThreads>(sum_gh) / static_cast<float>(in.cols);
    const float inverse = in.rstd[r];
    for (std::int64_t c = row_lane<kThreads>() * N; c < in.cols; c += kThreads * N) {
      terms(r, c, h, g);
#pragma unroll
      for (int i = 0; i < N; ++i) g[i] = inverse * (g[i] - mean_g - h[i] * mean_gh);
      store(g, dx + r * in.cols + c);
    }
  }
};

/// Column sums: dgamma of dy h and, centered, dbeta of dy.
template <class T, bool kCentered>
struct NormParameterGradients {
  static constexpr int kSums = kCentered ? 2 : 1;
  NormInputs<T> in;

  template <int N>
  __device__ void add(std::int64_t r, std::int64_t c, float (&sums)[kSums][N]) const {
    const float center = kCentered ? in.mean[r] : 0.0F;
    const float inverse = in.rstd[r];
    float v[N], d[N];
    load(in.x + r * in.cols + c, v);
    load(in.dy + r * in.cols + c, d);
#pragma unroll
    for (int i = 0; i < N; ++i) {
      sums[0][i] += d[i] * (v[i] - center) * inverse;
      if constexpr (kCentered) sums[1][i] += d[i];
    }
  }
};

template <class T, bool kCentered>
void backward(const NormInputs<T>& in, std::int64_t rows, T* dx,
              const ColumnOutputs<kCentered ? 2 : 1>& gradients, const Call& call) {
  launch_rows<T>(rows, in.cols, NormBackward<T, kCentered>{in, dx}, call.stream);
  launch_columns<T>(NormParameterGradients<T, kCentered>{in}, rows, in.cols, gradients, call.scratch,
                    call.stream);
}

}  // namespace

void launch(const cost::LayerNorm& op, const Call& call) {
  with_type(op.dtype, [&](auto zero) {
    using T = decltype(zero);
    if (op.pass == cost::Pass::forward) {
      const NormForward<T, true> f{call.at<T>(0),     call.at<T>(1),     call.at<T>(2), call.at<T>(3),
                                   call.at<float>(4), call.at<float>(5), op.cols};
      launch_rows<T>(op.rows, op.cols, f, call.stream);
    } else {
      const NormInputs<T> in{call.at<T>(0),     call.at<T>(1), call.at<float>(2),
                             call.at<float>(3), call.at<T>(4), op.cols};
      backward<T, true>(in, op.rows, call.at<T>(5), {{call.at<float>(6), call.at<float>(7)}}, call);
    }
  });
}

void launch(const cost::RmsNorm& op, const Call& call) {
  with_type(op.dtype, [&](auto zero) {
    using T = decltype(zero);
    if (op.pass == cost::Pass::forward) {
      const NormForward<T, false> f{call.at<T>(0), call.at<T>(1),     nullptr, call.at<T>(2),
                                    nullptr,       call.at<float>(3), op.cols};
      launch_rows<T>(op.rows, op.cols, f, call.stream);
    } else {
      const NormInputs<T> in{call.at<T>(0),     call.at<T>(1), nullptr,
                             call.at<float>(2), call.at<T>(3), op.cols};
      backward<T, false>(in, op.rows, call.at<T>(4), {{call.at<float>(5)}}, call);
    }
  });
}

}  // namespace orrery::cuda
