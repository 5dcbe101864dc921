#include "calibrate/backends/cuda/device_collective.hpp"

#include <algorithm>
#include <type_traits>
#include <vector>

#include "calibrate/backends/cuda/check.hpp"
#include "calibrate/timed_collective.hpp"

namespace orrery::cuda {
namespace {

struct FreeDevice {
  void operator()(void* memory) const { cudaFree(memory); }
};
struct DestroyEvent {
  void operator()(cudaEvent_t event) const { cudaEventDestroy(event); }
};
using Event = std::unique_ptr<std::remove_pointer_t<cudaEvent_t>, DestroyEvent>;

Event make_event() {
  cudaEvent_t event = nullptr;
  CUDA_CHECK(cudaEventCreate(&event));
  return Event(event);
}

class DeviceMedium : public calibrate::CollectiveMedium {
 public:
  explicit DeviceMedium(cudaStream_t stream) : stream_(stream), start_(make_event()), stop_(make_event()) {}

  std::span<float> take(std::size_t count) override {
    void* memory = nullptr;
    CUDA_CHECK(cudaMalloc(&memory, std::max<std::size_t>(count, 1) * sizeof(float)));
    memory_.emplace_back(memory);
    return {static_cast<float*>(memory), count};
  }

  void fill(std::span<float> target, std::span<const float> pattern) override {
    std::size_t filled = std::min(pattern.size(), target.size());
    CUDA_CHECK(cudaMemcpyAsync(target.data(), pattern.data(), filled * sizeof(float), cudaMemcpyHostToDevice,
                               stream_));
    // What is there is doubled: few copies, and a multiple of the pattern each time.
    while (filled < target.size()) {
      const std::size_t more = std::min(filled, target.size() - filled);
      CUDA_CHECK(cudaMemcpyAsync(target.data() + filled, target.data(), more * sizeof(float),
                                 cudaMemcpyDeviceToDevice, stream_));
      filled += more;
    }
    CUDA_CHECK(cudaStreamSynchronize(stream_));
  }

  void start() override { CUDA_CHECK(cudaEventRecord(start_.get(), stream_)); }

  Seconds stop() override {
    CUDA_CHECK(cudaEventRecord(stop_.get(), stream_));
    CUDA_CHECK(cudaEventSynchronize(stop_.get()));
    float milliseconds = 0.0F;
    CUDA_CHECK(cudaEventElapsedTime(&milliseconds, start_.get(), stop_.get()));
    return Seconds(milliseconds * 1e-3);
  }

 private:
  cudaStream_t stream_;
  Event start_, stop_;
  std::vector<std::unique_ptr<void, FreeDevice>> memory_;
};

}  // namespace

std::unique_ptr<calibrate::TimedOp> timed_device_collective(const cost::CollectiveCase& collective,
                                                            std::unique_ptr<calibrate::Communicator> group,
                                                            cudaStream_t stream) {
  return calibrate::timed_collective(collective, std::move(group), std::make_unique<DeviceMedium>(stream));
}

}  // namespace orrery::cuda
