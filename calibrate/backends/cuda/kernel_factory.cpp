#include "calibrate/backends/cuda/kernel_factory.hpp"

#include "costmodel/overloaded.hpp"
#include "sim/base/error.hpp"

namespace orrery::cuda {

bool supports(const cost::Op& op, const DeviceContext& context) {
  return std::visit(cost::Overloaded{
                        [&](const cost::Gemm& o) { return supports_gemm(o, context); },
                        [&](const cost::Attention& o) { return supports_attention(o, context); },
                        [&](const cost::AttentionDecode& o) { return supports_attention_decode(o, context); },
                        [&](const auto& o) { return supports_own(o, context); },
                    },
                    op);
}

std::unique_ptr<DeviceKernel> make_kernel(const cost::Op& op, DeviceContext& context) {
  if (!supports(op, context)) {
    throw BackendError("there is no CUDA kernel for " + cost::class_name(op) + " " + cost::shape_text(op));
  }
  return std::visit(cost::Overloaded{
                        [&](const cost::Gemm& o) { return make_gemm(o, context); },
                        [&](const cost::Attention& o) { return make_attention(o, context); },
                        [&](const cost::AttentionDecode& o) { return make_attention_decode(o, context); },
                        [&](const auto& o) { return make_own(o, context); },
                    },
                    op);
}

}  // namespace orrery::cuda
