// Element-wise operators: activations, bias, sums, scaling. Formulas stand beside the CPU kernels.
#include "calibrate/backends/cuda/kernels/columns.cuh"
#include "calibrate/backends/cuda/kernels/flat.cuh"
#include "calibrate/backends/cuda/kernels/launchers.hpp"
#include "calibrate/backends/cuda/kernels/number.cuh"

namespace orrery::cuda {
namespace {

constexpr float kSlope = 1.5957691216F;  // 2 sqrt(2/pi)
constexpr float kCubic = 0.044715F;
constexpr float kScale = 1.0F;  // cpu::KernelConstants::scale

__device__ float sigmoid(float x) {
  return 1.0F / (1.0F + __expf(-x));
}

struct GeluForward {
  __device__ float operator()(float x) const { return x * sigmoid(kSlope * (x + kCubic * x * x * x)); }
};
struct ReluForward {
  __device__ float operator()(float x) const { return x > 0.0F ? x : 0.0F; }
};
struct Scale {
  float factor;
  __device__ float operator()(float x) const { return factor * x; }
};
// d/dx [x s(z)] = s + x s (1 - s) dz/dx.
struct GeluBackward {
  __device__ float operator()(float x, float dy) const {
    const float s = sigmoid(kSlope * (x + kCubic * x * x * x));
    const float dz = kSlope * (1.0F + 3.0F * kCubic * x * x);
    return dy * (s + x * s * (1.0F - s) * dz);
  }
};
struct ReluBackward {
  __device__ float operator()(float y, float dy) const { return y > 0.0F ? dy : 0.0F; }
};
struct Add {
  __device__ float operator()(float a, float b) const { return a + b; }
};
struct SwigluForward {
  __device__ float operator()(float gate, float up) const { return gate * sigmoid(gate) * up; }
};

/// y = f(x).
template <class T, class F>
struct Unary {
  const T* x;
  T* y;
  F f;
  template <int N>
  __device__ void at(std::int64_t i) const {
    float v[N];
    load(x + i, v);
#pragma unroll
    for (int k = 0; k < N; ++k) v[k] = f(v[k]);
    store(v, y + i);
  }
};

/// y = f(a, b).
template <class T, class F>
struct Binary {
  const T* a;
  const T* b;
  T* y;
  F f;
  template <int N>
  __device__ void at(std::int64_t i) const {
    float v[N], w[N];
    load(a + i, v);
    load(b + i, w);
#pragma unroll
    for (int k = 0; k < N; ++k) v[k] = f(v[k], w[k]);
    store(v, y + i);
  }
};

// With s = sigmoid(gate): dup = dy gate s; dgate = dy up (s + gate s (1 - s)).
template <class T>
struct SwigluBackward {
  const T* gate;
  const T* up;
  const T* dy;
  T* dgate;
  T* dup;
  template <int N>
  __device__ void at(std::int64_t i) const {
    float g[N], u[N], d[N];
    load(gate + i, g);
    load(up + i, u);
    load(dy + i, d);
#pragma unroll
    for (int k = 0; k < N; ++k) {
      const float s = sigmoid(g[k]);
      const float by_gate = d[k] * u[k] * (s + g[k] * s * (1.0F - s));
      u[k] = d[k] * g[k] * s;
      g[k] = by_gate;
    }
    store(g, dgate + i);
    store(u, dup + i);
  }
};

/// x += b on each row. REQUIRES: chunks do not reach across the end of a row.
template <class T>
struct Bias {
  T* x;
  const T* b;
  std::int64_t cols;
  template <int N>
  __device__ void at(std::int64_t i) const {
    float v[N], w[N];
    load(x + i, v);
    load(b + divide(i, cols).rest, w);
#pragma unroll
    for (int k = 0; k < N; ++k) v[k] += w[k];
    store(v, x + i);
  }
};

template <class T>
struct ColumnValues {
  const T* dy;
  std::int64_t cols;
  template <int N>
  __device__ void add(std::int64_t r, std::int64_t c, float (&sums)[1][N]) const {
    float v[N];
    load(dy + r * cols + c, v);
#pragma unroll
    for (int k = 0; k < N; ++k) sums[0][k] += v[k];
  }
};

template <class T, class F>
void unary(std::int64_t size, F f, const T* x, T* y, cudaStream_t stream) {
  launch_flat<kPerChunk<T>>(size, Unary<T, F>{x, y, f}, stream);
}
template <class T, class F>
void binary(std::int64_t size, F f, const Call& call) {
  launch_flat<kPerChunk<T>>(size, Binary<T, F>{call.at<T>(0), call.at<T>(1), call.at<T>(2), f}, call.stream);
}

template <class T>
void bias(const cost::Elementwise& op, const Call& call) {
  const Bias<T> f{call.at<T>(0), call.at<T>(1), op.cols};
  if (op.cols % kPerChunk<T> == 0) return launch_flat<kPerChunk<T>>(op.rows * op.cols, f, call.stream);
  launch_flat<1>(op.rows * op.cols, f, call.stream);
}

template <class T>
void elementwise(const cost::Elementwise& op, const Call& call) {
  using Kind = cost::ElementwiseKind;
  const std::int64_t size = op.rows * op.cols;
  switch (op.kind) {
    case Kind::gelu_forward:
      return unary(size, GeluForward{}, call.at<T>(0), call.at<T>(1), call.stream);
    case Kind::relu_forward:
      return unary(size, ReluForward{}, call.at<T>(0), call.at<T>(1), call.stream);
    case Kind::scale:
      return unary(size, Scale{kScale}, call.at<T>(0), call.at<T>(0), call.stream);
    case Kind::gelu_backward:
      return binary<T>(size, GeluBackward{}, call);
    case Kind::relu_backward:
      return binary<T>(size, ReluBackward{}, call);
    case Kind::add:
      return binary<T>(size, Add{}, call);
    case Kind::swiglu_forward:
      return binary<T>(size, SwigluForward{}, call);
    case Kind::swiglu_backward:
      return launch_flat<kPerChunk<T>>(
          size, SwigluBackward<T>{call.at<T>(0), call.at<T>(1), call.at<T>(2), call.at<T>(3), call.at<T>(4)},
          call.stream);
    case Kind::bias:
      return bias<T>(op, call);
    case Kind::bias_gradient:
      return launch_columns<T, 1>(ColumnValues<T>{call.at<T>(0), op.cols}, op.rows, op.cols,
                                  {{call.at<float>(1)}}, call.scratch, call.stream);
  }
}

}  // namespace

void launch(const cost::Elementwise& op, const Call& call) {
  with_type(op.dtype, [&](auto zero) { elementwise<decltype(zero)>(op, call); });
}

}  // namespace orrery::cuda
