#include "calibrate/backends/cpu/kernels/kernels.hpp"

#include <cstring>

#include "calibrate/backends/cpu/kernels/kernel_functions.hpp"
#include "sim/base/error.hpp"

namespace orrery::cpu {
namespace {

/// The smallest kernel there is; never inlined, because the call is what it is about.
[[gnu::noinline]] void add_one(float* x) {
  *x += 1.0F;
}

/// The operands of one call, by position.
class Operands {
 public:
  explicit Operands(std::span<void* const> buffers) : buffers_(buffers) {}
  float* f(std::size_t i) const { return static_cast<float*>(buffers_[i]); }
  const std::int32_t* ids(std::size_t i) const { return static_cast<const std::int32_t*>(buffers_[i]); }
  std::byte* bytes(std::size_t i) const { return static_cast<std::byte*>(buffers_[i]); }
  void expect(std::size_t count) const {
    SIM_ASSERT(buffers_.size() == count, "a kernel was called with a wrong number of operands");
  }

 private:
  std::span<void* const> buffers_;
};

void run(const cost::Gemm& op, const Operands& o, const KernelConstants&) {
  o.expect(op.bias ? 4 : 3);
  gemm(op, o.f(0), o.f(1), o.f(2));
  if (op.bias) bias(op.batch * op.m, op.n, o.f(2), o.f(3));
  if (op.gelu) gelu_forward(op.batch * op.m * op.n, o.f(2), o.f(2));
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

void run(const cost::RmsNorm& op, const Operands& o, const KernelConstants&) {
  if (op.pass == cost::Pass::forward) {
    o.expect(4);
    rms_norm_forward(op, o.f(0), o.f(1), o.f(2), o.f(3));
  } else {
    o.expect(6);
    rms_norm_backward(op, o.f(0), o.f(1), o.f(2), o.f(3), o.f(4), o.f(5));
  }
}

void run(const cost::Attention& op, const Operands& o, const KernelConstants&) {
  if (op.pass == cost::Pass::forward) {
    o.expect(5);
    attention_forward(op, o.f(0), o.f(1), o.f(2), o.f(3), o.f(4));
  } else {
    o.expect(9);
    attention_backward(op, {o.f(0), o.f(1), o.f(2), o.f(3), o.f(4)}, o.f(5), o.f(6), o.f(7), o.f(8));
  }
}

void run(const cost::AttentionDecode& op, const Operands& o, const KernelConstants&) {
  o.expect(6);
  attention_decode(op, o.f(0), o.f(1), o.f(2), o.ids(3), o.ids(4), o.f(5));
}

void run(const cost::Rotary& op, const Operands& o, const KernelConstants&) {
  o.expect(2);
  rotary(op, o.f(0), o.ids(1));
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
    case Kind::swiglu_forward:
      return o.expect(3), swiglu_forward(size, o.f(0), o.f(1), o.f(2));
    case Kind::swiglu_backward:
      return o.expect(5), swiglu_backward(size, o.f(0), o.f(1), o.f(2), o.f(3), o.f(4));
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

void run(const cost::Cast& op, const Operands& o, const KernelConstants&) {
  o.expect(2);
  cast(op, o.bytes(0), o.bytes(1));
}

void run(const cost::Launch& op, const Operands& o, const KernelConstants&) {
  o.expect(1);
  for (std::int64_t i = 0; i < op.kernels; ++i) add_one(o.f(0));
}

}  // namespace

bool has_kernel(const cost::Op& op) {
  if (const auto* copy = std::get_if<cost::Copy>(&op)) return copy->kind == cost::CopyKind::device;
  if (const auto* launch = std::get_if<cost::Launch>(&op)) return !launch->graph;
  return !cost::has_dtype(op) || cost::dtype(op) == cost::DType::fp32;
}

void execute(const cost::Op& op, std::span<void* const> buffers, const KernelConstants& constants) {
  SIM_ASSERT(!cost::has_dtype(op) || cost::dtype(op) == cost::DType::fp32,
             "a CPU kernel was asked to work in another type than fp32");
  std::visit([&](const auto& shape) { run(shape, Operands(buffers), constants); }, op);
}

}  // namespace orrery::cpu
