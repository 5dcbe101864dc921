// The seam inside the CUDA backend: one operator on one device, ready to launch. What a library has to choose
// (algorithm, plan, workspace) is chosen when the kernel is made, so that a launch is what a real run pays
// for. Each family of operators has a factory in its own file; kernel_factory.cpp picks the factory.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "costmodel/op.hpp"

namespace orrery::cuda {

/// What all kernels of one device share. Outlives every DeviceKernel made with it.
struct DeviceContext {
  int device = 0;
  int compute_capability = 0;  ///< 90 for 9.0
  int sm_count = 0;
  std::size_t l2_bytes = 0;
  cudaStream_t stream = nullptr;  ///< the compute stream
  void* workspace = nullptr;      ///< scratch memory of the libraries; one call at a time
  std::size_t workspace_bytes = 0;
  bool search_algorithms = false;  ///< let cuBLASLt time several algorithms, not take its first advice
};

class DeviceKernel {
 public:
  virtual ~DeviceKernel() = default;
  /// Enqueues one call and returns. `buffers[i]` is the device address of operand i of `cost::operands(op)`,
  /// 256-byte aligned (of host copies, the host's operand is a host address). Throws BackendError.
  virtual void launch(std::span<void* const> buffers, cudaStream_t stream) = 0;
  /// What was chosen: "cublasLt algo 66 tile 128x128 stages 4 splitk 1"; empty where there is no choice.
  virtual std::string algorithm() const { return {}; }
};

/// Factories. `supports_*` says whether there is a kernel at all for class, dtype and architecture; a factory
/// throws BackendError when the library refuses this very shape.
bool supports_gemm(const cost::Gemm& op, const DeviceContext& context);
std::unique_ptr<DeviceKernel> make_gemm(const cost::Gemm& op, DeviceContext& context);

bool supports_attention(const cost::Attention& op, const DeviceContext& context);
std::unique_ptr<DeviceKernel> make_attention(const cost::Attention& op, DeviceContext& context);

bool supports_attention_decode(const cost::AttentionDecode& op, const DeviceContext& context);
std::unique_ptr<DeviceKernel> make_attention_decode(const cost::AttentionDecode& op, DeviceContext& context);

/// Everything else: our own kernels of kernels/*.cu, copies and launches.
bool supports_own(const cost::Op& op, const DeviceContext& context);
std::unique_ptr<DeviceKernel> make_own(const cost::Op& op, DeviceContext& context);

}  // namespace orrery::cuda
