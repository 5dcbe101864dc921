// Memory for operands: one arena on the device per run, from which everything that is timed takes its buffers
// (cudaMalloc and cudaFree cost more than most measurements), and host memory, pinned or pageable, for
// copies.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "calibrate/backends/cuda/operand_plan.hpp"
#include "costmodel/op.hpp"

namespace orrery::cuda {

struct DeviceFree {
  void operator()(void* memory) const { cudaFree(memory); }
};
using DeviceBuffer = std::unique_ptr<void, DeviceFree>;
/// Throws DoesNotFit.
DeviceBuffer allocate_device(std::size_t bytes);

struct PinnedFree {
  void operator()(void* memory) const { cudaFreeHost(memory); }
};
using PinnedBuffer = std::unique_ptr<void, PinnedFree>;
/// Page-locked host memory that the device can address too.
PinnedBuffer allocate_pinned(std::size_t bytes);

/// What one buffer of this size uses up.
std::size_t footprint_in_arena(std::size_t bytes);

/// Hands out pieces front to back; begins again at the front when the last of its users is gone.
class DeviceArena {
 public:
  explicit DeviceArena(std::size_t bytes);
  std::size_t available() const { return size_ - used_; }
  std::size_t size() const { return size_; }

 private:
  friend class OperandMemory;
  void* take(std::size_t bytes);

  DeviceBuffer memory_;
  std::size_t size_;
  std::size_t used_ = 0;
  int users_ = 0;
};

/// The buffers of one operator or composition, given back together. REQUIRES: outlived by the arena.
class OperandMemory {
 public:
  explicit OperandMemory(DeviceArena& arena) : arena_(arena) { ++arena_.users_; }
  ~OperandMemory();
  OperandMemory(const OperandMemory&) = delete;
  OperandMemory& operator=(const OperandMemory&) = delete;

  /// 256-byte aligned. Throws DoesNotFit.
  void* take(Placement where, std::size_t bytes);

 private:
  struct PageableFree {
    void operator()(void* memory) const { std::free(memory); }
  };
  DeviceArena& arena_;
  std::vector<PinnedBuffer> pinned_;
  std::vector<std::unique_ptr<void, PageableFree>> pageable_;
};

struct BufferFill {
  Placement placement = Placement::device;
  cost::DType dtype = cost::DType::fp32;
  std::int64_t count = 0;
  std::uint64_t seed = 0;  ///< another seed, other numbers
};
/// Fills a buffer as the rule says; done when the stream has come so far.
void fill(void* memory, const BufferFill& buffer, const FillRule& rule, cudaStream_t stream);

/// Bytes between any two buffers, on the host or the device; back when they have arrived.
void copy_bytes(const void* from, void* to, std::size_t bytes, cudaStream_t stream);

}  // namespace orrery::cuda
