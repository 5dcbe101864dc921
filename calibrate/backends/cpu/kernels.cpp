#include "calibrate/backends/cpu/kernels.hpp"

#include <omp.h>

#include <cstring>

#include "calibrate/backends/cpu/kernel_functions.hpp"
#include "sim/base/error.hpp"

namespace orrery::cpu {
namespace {

/// The operands of one call, by position.
class Operands {
 public:
  explicit Operands(std::span<void* const> buffers) : buffers_(buffers) {}
  float* f(std::size_t i) const { return static_cast<float*>(buffers_[i]); }
  const std::int32_t* ids(std::size_t i) const { return static_cast<const std::int32_t*>(buffers_[i]); }
  void expect(std::size_t count) const {
    SIM_ASSERT(buffers_.size() == count, "a kernel was called with a wrong number of operands");
  }

 private:
  std::span<void* const> buffers_;
};

void run(const cost::Gemm& op, const Operands& o, const KernelConstants&) {
  o.expect(3);
  gemm(op, o.f(0), o.f(1), o.f(2));
}

void run(const cost::Softmax& op, const Operands& o, const KernelConstants&) {
  if (op.pass == cost::Pass::forward) {
    o.expect(2);
    softmax_forward(op, o.f(0), o.f(1));
  } else {
    o.expect(3);
    softmax_backward(op, o.f(0), o.f(1), o.f(2));
  }
}

void run(const cost::LayerNorm& op, const Operands& o, const KernelConstants&) {
  if (op.pass == cost::Pass::forward) {
    o.expect(6);
    layer_norm_forward(op, o.f(0), o.f(1), o.f(2), o.f(3), o.f(4), o.f(5));
  } else {
    o.expect(8);
    layer_norm_backward(op, o.f(0), o.f(1), o.f(2), o.f(3), o.f(4), o.f(5), o.f(6), o.f(7));
  }
}

void run(const cost::Elementwise& op, const Operands& o, const KernelConstants& constants) {
  using Kind = cost::ElementwiseKind;
  const std::int64_t size = op.rows * op.cols;
  switch (op.kind) {
    case Kind::gelu_forward:
      return o.expect(2), gelu_forward(size, o.f(0), o.f(1));
    case Kind::gelu_backward:
      return o.expect(3), gelu_backward(size, o.f(0), o.f(1), o.f(2));
    case Kind::relu_forward:
      return o.expect(2), relu_forward(size, o.f(0), o.f(1));
    case Kind::relu_backward:
      return o.expect(3), relu_backward(size, o.f(0), o.f(1), o.f(2));
    case Kind::bias:
      return o.expect(2), bias(op.rows, op.cols, o.f(0), o.f(1));
    case Kind::bias_gradient:
      return o.expect(2), bias_gradient(op.rows, op.cols, o.f(0), o.f(1));
    case Kind::add:
      return o.expect(3), add(size, o.f(0), o.f(1), o.f(2));
    case Kind::scale:
      return o.expect(1), scale(size, constants.scale, o.f(0));
  }
}

void run(const cost::Embedding& op, const Operands& o, const KernelConstants&) {
  o.expect(3);
  if (op.pass == cost::Pass::forward) {
    embedding_forward(op, o.ids(0), o.f(1), o.f(2));
  } else {
    embedding_backward(op, o.ids(0), o.f(1), o.f(2));
  }
}

void run(const cost::CrossEntropy& op, const Operands& o, const KernelConstants&) {
  o.expect(4);
  cross_entropy(op, o.f(0), o.ids(1), o.f(2), o.f(3));
}

void run(const cost::OptimizerStep& op, const Operands& o, const KernelConstants& constants) {
  using Kind = cost::OptimizerKind;
  switch (op.kind) {
    case Kind::sgd:
      return o.expect(2), sgd_step(op.params, constants, o.f(0), o.f(1));
    case Kind::momentum:
      return o.expect(3), momentum_step(op.params, constants, o.f(0), o.f(1), o.f(2));
    case Kind::adam:
      return o.expect(4), adam_step(op.params, constants, o.f(0), o.f(1), o.f(2), o.f(3));
  }
}

void run(const cost::Copy& op, const Operands& o, const KernelConstants&) {
  o.expect(2);
  std::memcpy(o.f(1), o.f(0), static_cast<std::size_t>(op.elements) * sizeof(float));
}

void run(const cost::Transpose& op, const Operands& o, const KernelConstants&) {
  o.expect(2);
  transpose(op, o.f(0), o.f(1));
}

}  // namespace

void execute(const cost::Op& op, std::span<void* const> buffers, const KernelConstants& constants) {
  std::visit([&](const auto& shape) { run(shape, Operands(buffers), constants); }, op);
}

void use_one_thread() {
  omp_set_num_threads(1);
}

}  // namespace orrery::cpu
