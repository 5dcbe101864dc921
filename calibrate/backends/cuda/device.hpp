// One GPU as the backend uses it: what its kernels share, the arena, the hold of its stream, the buffer that
// flushes its L2 cache. Everything that is timed keeps a reference to it.
#pragma once

#include <cstddef>
#include <memory>

#include "calibrate/backends/cuda/device_kernel.hpp"
#include "calibrate/backends/cuda/device_memory.hpp"
#include "calibrate/backends/cuda/stream.hpp"
#include "calibrate/backends/cuda/stream_hold.hpp"

namespace orrery::cuda {

struct CudaOptions {
  int device = 0;                                 ///< as CUDA counts them
  bool search_algorithms = false;                 ///< see DeviceContext
  bool trace = true;                              ///< kernel times and names of one call through CUPTI
  std::size_t arena_cap = std::size_t{48} << 30;  ///< bytes for operands at most
};

/// Not movable: kernels refer to its context.
class Device {
 public:
  /// Throws BackendError when there is no such device or no driver.
  explicit Device(const CudaOptions& options);
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  DeviceContext& context() { return context_; }
  const DeviceContext& context() const { return context_; }
  cudaStream_t stream() const { return stream_.get(); }
  DeviceArena& arena() { return *arena_; }
  StreamHold& hold() { return *hold_; }

  /// Overwrites twice the size of the L2 cache.
  void flush_l2();
  void synchronize() const;
  /// True when every call fails from now on, because a kernel broke the context. Waits for the device.
  bool is_lost() const;

 private:
  struct Select {
    explicit Select(int device);
  };
  Select select_;  // first: everything else is made on the chosen device
  Stream stream_;
  DeviceContext context_;
  DeviceBuffer workspace_, flush_;
  std::size_t flush_bytes_ = 0;
  std::unique_ptr<DeviceArena> arena_;
  std::unique_ptr<StreamHold> hold_;
};

}  // namespace orrery::cuda
