// Everything but products and attention: our own kernels behind the seam, copies, launches.
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "calibrate/backends/cuda/check.hpp"
#include "calibrate/backends/cuda/device_kernel.hpp"
#include "calibrate/backends/cuda/device_memory.hpp"
#include "calibrate/backends/cuda/kernels/launchers.hpp"
#include "calibrate/backends/cuda/stream.hpp"
#include "costmodel/overloaded.hpp"
#include "sim/base/error.hpp"

namespace orrery::cuda {
namespace {

using Buffers = std::span<void* const>;

/// An operator with an overload of `launch`.
template <class O>
class Launcher : public DeviceKernel {
 public:
  Launcher(const O& op, const DeviceContext& context)
      : op_(op), scratch_{context.workspace, context.workspace_bytes} {}
  void launch(Buffers buffers, cudaStream_t stream) override {
    cuda::launch(op_, Call{buffers, scratch_, stream});
  }

 private:
  O op_;
  Scratch scratch_;
};

/// Rotations per position of each pair, 10000^(-2i/head_dim) / (2 pi), on the device.
class RotaryKernel : public DeviceKernel {
 public:
  RotaryKernel(const cost::Rotary& op, const DeviceContext& context) : op_(op) {
    constexpr double kFullTurn = 6.283185307179586;
    std::vector<double> turns(static_cast<std::size_t>(op.head_dim / 2));
    for (std::size_t i = 0; i < turns.size(); ++i) {
      const double exponent = -2.0 * static_cast<double>(i) / static_cast<double>(op.head_dim);
      turns[i] = std::pow(10000.0, exponent) / kFullTurn;
    }
    const std::size_t bytes = turns.size() * sizeof(double);
    turns_ = allocate_device(bytes);
    copy_bytes(turns.data(), turns_.get(), bytes, context.stream);
  }
  void launch(Buffers buffers, cudaStream_t stream) override {
    cuda::launch(op_, static_cast<const double*>(turns_.get()), Call{buffers, {}, stream});
  }

 private:
  cost::Rotary op_;
  DeviceBuffer turns_;
};

class CopyKernel : public DeviceKernel {
 public:
  explicit CopyKernel(const cost::Copy& op) : bytes_(static_cast<std::size_t>(op.elements) * sizeof(float)) {
    if (op.kind == cost::CopyKind::device) {
      direction_ = cudaMemcpyDeviceToDevice;
    } else if (op.kind == cost::CopyKind::h2d || op.kind == cost::CopyKind::h2d_pageable) {
      direction_ = cudaMemcpyHostToDevice;
    } else {
      direction_ = cudaMemcpyDeviceToHost;
    }
  }
  void launch(Buffers buffers, cudaStream_t stream) override {
    CUDA_CHECK(cudaMemcpyAsync(buffers[1], buffers[0], bytes_, direction_, stream));
  }

 private:
  std::size_t bytes_;
  cudaMemcpyKind direction_;
};

class LaunchKernel : public DeviceKernel {
 public:
  explicit LaunchKernel(const cost::Launch& op) : op_(op) {}
  void launch(Buffers buffers, cudaStream_t stream) override {
    auto* x = static_cast<float*>(buffers[0]);
    if (!op_.graph) return launch_all(x, stream);
    // A graph holds the address of its operand: recorded at the first call with each.
    auto found = graphs_.find(x);
    if (found == graphs_.end()) {
      found = graphs_.emplace(x, Graph([&](cudaStream_t recording) { launch_all(x, recording); })).first;
    }
    found->second.launch(stream);
  }

 private:
  void launch_all(float* x, cudaStream_t stream) const {
    for (std::int64_t i = 0; i < op_.kernels; ++i) launch_add_one(x, stream);
  }

  cost::Launch op_;
  std::map<float*, Graph> graphs_;
};

bool is_plain(cost::DType dtype) {
  return dtype == cost::DType::fp32 || dtype == cost::DType::fp16 || dtype == cost::DType::bf16;
}
bool is_castable(cost::DType dtype) {
  return is_plain(dtype) || dtype == cost::DType::fp8;
}

}  // namespace

bool supports_own(const cost::Op& op, const DeviceContext&) {
  return std::visit(cost::Overloaded{
                        [](const cost::Gemm&) { return false; },
                        [](const cost::Attention&) { return false; },
                        [](const cost::AttentionDecode&) { return false; },
                        [](const cost::Copy&) { return true; },
                        [](const cost::Launch&) { return true; },
                        [](const cost::Cast& o) { return is_castable(o.from) && is_castable(o.to); },
                        [](const cost::Rotary& o) { return is_plain(o.dtype) && o.head_dim % 2 == 0; },
                        [](const auto& o) { return is_plain(o.dtype); },
                    },
                    op);
}

std::unique_ptr<DeviceKernel> make_own(const cost::Op& op, DeviceContext& context) {
  using Made = std::unique_ptr<DeviceKernel>;
  const auto refuse = [&op]() -> Made {
    throw BackendError("there is no kernel of our own for " + cost::class_name(op));
  };
  return std::visit(
      cost::Overloaded{
          [&](const cost::Gemm&) { return refuse(); },
          [&](const cost::Attention&) { return refuse(); },
          [&](const cost::AttentionDecode&) { return refuse(); },
          [&](const cost::Copy& o) -> Made { return std::make_unique<CopyKernel>(o); },
          [&](const cost::Launch& o) -> Made { return std::make_unique<LaunchKernel>(o); },
          [&](const cost::Rotary& o) -> Made { return std::make_unique<RotaryKernel>(o, context); },
          [&](const auto& o) -> Made {
            return std::make_unique<Launcher<std::decay_t<decltype(o)>>>(o, context);
          },
      },
      op);
}

}  // namespace orrery::cuda
