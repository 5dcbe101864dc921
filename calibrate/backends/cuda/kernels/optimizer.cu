// Optimizer steps on fp32 weights and states; gradients, and in mixed precision the copy of the new weights,
// in the type of the operator. Constants are the defaults of cpu::KernelConstants.
#include <cmath>
#include <type_traits>

#include "calibrate/backends/cuda/kernels/flat.cuh"
#include "calibrate/backends/cuda/kernels/launchers.hpp"
#include "calibrate/backends/cuda/kernels/number.cuh"

namespace orrery::cuda {
namespace {

constexpr float kLearningRate = 1e-3F;
constexpr float kMomentum = 0.9F;
constexpr float kBeta1 = 0.9F, kBeta2 = 0.999F, kEpsilon = 1e-8F;
constexpr int kPerThread = 4;  // 16 bytes of fp32

struct Sgd {
  static constexpr int kStates = 0;
  __device__ void operator()(float& w, float g, float*) const { w -= kLearningRate * g; }
};

struct Momentum {
  static constexpr int kStates = 1;
  __device__ void operator()(float& w, float g, float* state) const {
    state[0] = kMomentum * state[0] + g;
    w -= kLearningRate * state[0];
  }
};

// Kingma and Ba 2015, algorithm 1, at step 1, with the bias corrections folded into two factors.
struct Adam {
  static constexpr int kStates = 2;
  float rate = kLearningRate / (1.0F - kBeta1);
  float correction = 1.0F / std::sqrt(1.0F - kBeta2);
  __device__ void operator()(float& w, float g, float* state) const {
    state[0] = kBeta1 * state[0] + (1.0F - kBeta1) * g;
    state[1] = kBeta2 * state[1] + (1.0F - kBeta2) * g * g;
    w -= rate * state[0] / (sqrtf(state[1]) * correction + kEpsilon);
  }
};

template <class T, class Rule>
struct Update {
  static constexpr int kStates = Rule::kStates;
  float* w;
  const T* g;
  float* states[kStates == 0 ? 1 : kStates];
  T* copy;  // unused in fp32
  Rule rule;

  template <int N>
  __device__ void at(std::int64_t i) const {
    float weight[N], gradient[N], state[kStates == 0 ? 1 : kStates][N];
    load(w + i, weight);
    load(g + i, gradient);
#pragma unroll
    for (int s = 0; s < kStates; ++s) load(states[s] + i, state[s]);
#pragma unroll
    for (int k = 0; k < N; ++k) {
      float own[2] = {};
#pragma unroll
      for (int s = 0; s < kStates; ++s) own[s] = state[s][k];
      rule(weight[k], gradient[k], own);
#pragma unroll
      for (int s = 0; s < kStates; ++s) state[s][k] = own[s];
    }
    store(weight, w + i);
#pragma unroll
    for (int s = 0; s < kStates; ++s) store(state[s], states[s] + i);
    if constexpr (!std::is_same_v<T, float>) store(weight, copy + i);
  }
};

template <class T, class Rule>
void update(std::int64_t params, const Rule& rule, const Call& call) {
  Update<T, Rule> f{};
  f.rule = rule;
  f.w = call.at<float>(0);
  f.g = call.at<T>(1);
  for (int s = 0; s < Rule::kStates; ++s) f.states[s] = call.at<float>(2 + static_cast<std::size_t>(s));
  if constexpr (!std::is_same_v<T, float>) f.copy = call.at<T>(2 + Rule::kStates);
  launch_flat<kPerThread>(params, f, call.stream);
}

}  // namespace

void launch(const cost::OptimizerStep& op, const Call& call) {
  with_type(op.dtype, [&](auto zero) {
    using T = decltype(zero);
    switch (op.kind) {
      case cost::OptimizerKind::sgd:
        return update<T>(op.params, Sgd{}, call);
      case cost::OptimizerKind::momentum:
        return update<T>(op.params, Momentum{}, call);
      case cost::OptimizerKind::adam:
        return update<T>(op.params, Adam{}, call);
    }
  });
}

}  // namespace orrery::cuda
