// Rotary position embedding. Angles are counted in turns, in double precision: whole turns drop out exactly,
// so that late positions are as accurate as early ones.
#include "calibrate/backends/cuda/kernels/flat.cuh"
#include "calibrate/backends/cuda/kernels/launchers.hpp"
#include "calibrate/backends/cuda/kernels/number.cuh"

namespace orrery::cuda {
namespace {

/// i counts pairs: token, head, pair. REQUIRES: chunks do not reach across the end of a head.
template <class T>
struct Rotate {
  T* x;
  const std::int32_t* positions;
  const double* turns;
  std::int64_t heads, half;
  float direction;  // 1 forward, -1 backward

  template <int N>
  __device__ void at(std::int64_t i) const {
    const Position head = divide(i, half);
    const double position = positions[divide(head.quotient, heads).quotient];
    T* first = x + head.quotient * 2 * half + head.rest;
    float a[N], b[N];
    load(first, a);
    load(first + half, b);
#pragma unroll
    for (int k = 0; k < N; ++k) {
      const double angle = position * turns[head.rest + k];
      float s, c;
      sincospif(2.0F * static_cast<float>(angle - rint(angle)), &s, &c);
      s *= direction;
      const float rotated = a[k] * c - b[k] * s;
      b[k] = a[k] * s + b[k] * c;
      a[k] = rotated;
    }
    store(a, first);
    store(b, first + half);
  }
};

}  // namespace

void launch(const cost::Rotary& op, const double* turns, const Call& call) {
  with_type(op.dtype, [&](auto zero) {
    using T = decltype(zero);
    const std::int64_t half = op.head_dim / 2;
    const Rotate<T> f{call.at<T>(0), call.at<std::int32_t>(1),
                      turns,         op.heads,
                      half,          op.pass == cost::Pass::forward ? 1.0F : -1.0F};
    if (half % kPerChunk<T> == 0) {
      launch_flat<kPerChunk<T>>(op.tokens * op.heads * half, f, call.stream);
    } else {
      launch_flat<1>(op.tokens * op.heads * half, f, call.stream);
    }
  });
}

}  // namespace orrery::cuda
