// Holds a stream back while the host enqueues calls behind it, so that the device then runs them back to back
// and the host's launch gaps do not enter their time. A small kernel spins until the host has counted up a
// number in mapped memory; it gives up after a limit, so that nothing can wait for ever.
#pragma once

#include <cuda_runtime_api.h>

#include "calibrate/backends/cuda/device_memory.hpp"

namespace orrery::cuda {

class StreamHold {
 public:
  StreamHold();

  /// The stream is held until the guard is released or destroyed. Before the first guard every kernel that
  /// will be enqueued must have run once: loading code may wait for the device. At most about 900 launches
  /// under one guard.
  class Guard {
   public:
    Guard(StreamHold& hold, cudaStream_t stream);
    ~Guard() { release(); }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    void release();

   private:
    StreamHold& hold_;
    unsigned ticket_;
  };

 private:
  PinnedBuffer memory_;
  unsigned* flag_;               ///< the host's view
  const unsigned* device_flag_;  ///< the device's
  unsigned tickets_ = 0;
};

}  // namespace orrery::cuda
