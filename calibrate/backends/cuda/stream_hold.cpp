#include "calibrate/backends/cuda/stream_hold.hpp"

#include <atomic>

#include "calibrate/backends/cuda/check.hpp"
#include "calibrate/backends/cuda/kernels/launchers.hpp"

namespace orrery::cuda {
namespace {

/// Longer than any host needs for a few hundred launches.
constexpr unsigned long long kLimitNanoseconds = 250'000'000;

}  // namespace

StreamHold::StreamHold() : memory_(allocate_pinned(sizeof(unsigned))) {
  flag_ = static_cast<unsigned*>(memory_.get());
  *flag_ = 0;
  void* address = nullptr;
  CUDA_CHECK(cudaHostGetDevicePointer(&address, flag_, 0));
  device_flag_ = static_cast<const unsigned*>(address);
}

StreamHold::Guard::Guard(StreamHold& hold, cudaStream_t stream) : hold_(hold), ticket_(++hold.tickets_) {
  launch_hold(hold_.device_flag_, ticket_, kLimitNanoseconds, stream);
}

void StreamHold::Guard::release() {
  std::atomic_ref<unsigned>(*hold_.flag_).store(ticket_, std::memory_order_release);
}

}  // namespace orrery::cuda
