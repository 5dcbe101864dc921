// Softmax over rows and the cross-entropy loss. The maximum and the sum of exponentials are found in one
// reading of the row (Milakov and Gimelshein 2018), a second reading writes the result.
#include <cmath>

#include "calibrate/backends/cuda/kernels/launchers.hpp"
#include "calibrate/backends/cuda/kernels/rows.cuh"

namespace orrery::cuda {
namespace {

struct Normaliser {
  float top, sum;
};

/// Largest of the first `n` elements and the sum of exp(k (x - top)) over them. REQUIRES: k > 0, n > 0.
template <int N, int kThreads, class T>
__device__ Normaliser normaliser(const T* x, std::int64_t n, float k) {
  float top = -INFINITY, sum = 0.0F;
  for (std::int64_t c = row_lane<kThreads>() * N; c < n; c += kThreads * N) {
    float v[N];
    load(x + c, v);
    float higher = top;
#pragma unroll
    for (int i = 0; i < N; ++i) higher = c + i < n ? fmaxf(higher, v[i]) : higher;
    sum *= __expf((top - higher) * k);
    top = higher;
#pragma unroll
    for (int i = 0; i < N; ++i) sum += c + i < n ? __expf((v[i] - top) * k) : 0.0F;
  }
  const float all = row_max<kThreads>(top);
  return {all, row_sum<kThreads>(sum * __expf((top - all) * k))};
}

template <class T>
struct SoftmaxForward {
  const T* x;
  T* y;
  std::int64_t cols;
  float k;
  bool causal;

  template <int N, int kThreads>
  __device__ void row(std::int64_t r) const {
    const T* from = x + r * cols;
    const std::int64_t n = causal ? r % cols + 1 : cols;
    const Normaliser norm = normaliser<N, kThreads>(from, n, k);
    const float inverse = 1.0F / norm.sum;
    for (std::int64_t c = row_lane<kThreads>() * N; c < cols; c += kThreads * N) {
      float v[N] = {};
      if (c < n) load(from + c, v);
#pragma unroll
      for (int i = 0; i < N; ++i) v[i] = c + i < n ? __expf((v[i] - norm.top) * k) * inverse : 0.0F;
      store(v, y + r * cols + c);
    }
  }
};

// With p = softmax(k x): dx_i = k p_i (dy_i - sum_j p_j dy_j).
template <class T>
struct SoftmaxBackward {
  const T* y;
  const T* dy;
  T* dx;
  std::int64_t cols;
  float k;
  bool causal;

  template <int N, int kThreads>
  __device__ void row(std::int64_t r) const {
    const std::int64_t start = r * cols;
    const std::int64_t n = causal ? r % cols + 1 : cols;
    float dot = 0.0F;
    for (std::int64_t c = row_lane<kThreads>() * N; c < n; c += kThreads * N) {
      float p[N], d[N];
      load(y + start + c, p);
      load(dy + start + c, d);
#pragma unroll
      for (int i = 0; i < N; ++i) dot += c + i < n ? p[i] * d[i] : 0.0F;
    }
    dot = row_sum<kThreads>(dot);
    for (std::int64_t c = row_lane<kThreads>() * N; c < cols; c += kThreads * N) {
      float p[N] = {}, d[N] = {};
      if (c < n) {
        load(y + start + c, p);
        load(dy + start + c, d);
      }
#pragma unroll
      for (int i = 0; i < N; ++i) d[i] = c + i < n ? k * p[i] * (d[i] - dot) : 0.0F;
      store(d, dx + start + c);
    }
  }
};

// loss = mean over rows of log(sum_j exp(x_j)) - x_label; its gradient is (softmax(x) - one_hot(label)) /
// rows.
template <class T>
struct CrossEntropyRow {
  const T* logits;
  const std::int32_t* labels;
  T* dlogits;
  float* row_losses;
  std::int64_t classes;
  float per_row;

  template <int N, int kThreads>
  __device__ void row(std::int64_t r) const {
    const T* x = logits + r * classes;
    const Normaliser norm = normaliser<N, kThreads>(x, classes, 1.0F);
    const std::int64_t label = labels[r];
    const float inverse = per_row / norm.sum;
    for (std::int64_t c = row_lane<kThreads>() * N; c < classes; c += kThreads * N) {
      float v[N];
      load(x + c, v);
#pragma unroll
      for (int i = 0; i < N; ++i) {
        v[i] = __expf(v[i] - norm.top) * inverse - (c + i == label ? per_row : 0.0F);
      }
      store(v, dlogits + r * classes + c);
    }
    if (row_lane<kThreads>() == 0) row_losses[r] = logf(norm.sum) + (norm.top - to_float(x[label]));
  }
};

/// One "row" of all losses.
struct MeanLoss {
  const float* losses;
  float* mean;
  std::int64_t count;

  template <int N, int kThreads>
  __device__ void row(std::int64_t) const {
    float sum = 0.0F;
    for (std::int64_t i = row_lane<kThreads>(); i < count; i += kThreads) sum += losses[i];
    sum = row_sum<kThreads>(sum);
    if (row_lane<kThreads>() == 0) *mean = sum / static_cast<float>(count);
  }
};

}  // namespace

void launch(const cost::Softmax& op, const Call& call) {
  const float k = op.scale_dim > 0 ? 1.0F / std::sqrt(static_cast<float>(op.scale_dim)) : 1.0F;
  with_type(op.dtype, [&](auto zero) {
    using T = decltype(zero);
    if (op.pass == cost::Pass::forward) {
      launch_rows<T>(op.rows, op.cols, SoftmaxForward<T>{call.at<T>(0), call.at<T>(1), op.cols, k, op.causal},
                     call.stream);
    } else {
      launch_rows<T>(op.rows, op.cols,
                     SoftmaxBackward<T>{call.at<T>(0), call.at<T>(1), call.at<T>(2), op.cols, k, op.causal},
                     call.stream);
    }
  });
}

void launch(const cost::CrossEntropy& op, const Call& call) {
  float* losses = call.scratch.floats(static_cast<std::size_t>(op.rows));
  with_type(op.dtype, [&](auto zero) {
    using T = decltype(zero);
    launch_rows<T>(op.rows, op.classes,
                   CrossEntropyRow<T>{call.at<T>(0), call.at<std::int32_t>(1), call.at<T>(2), losses,
                                      op.classes, 1.0F / static_cast<float>(op.rows)},
                   call.stream);
  });
  launch_rows_in_chunks<1>(1, op.rows, MeanLoss{losses, call.at<float>(3), op.rows}, call.stream);
}

}  // namespace orrery::cuda
