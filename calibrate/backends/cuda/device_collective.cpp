#include "calibrate/backends/cuda/device_collective.hpp"

#include <algorithm>
#include <vector>

#include "calibrate/backends/cuda/check.hpp"
#include "calibrate/backends/cuda/device_memory.hpp"
#include "calibrate/backends/cuda/stream.hpp"
#include "calibrate/timed_collective.hpp"

namespace orrery::cuda {
namespace {

class DeviceMedium : public calibrate::CollectiveMedium {
 public:
  explicit DeviceMedium(cudaStream_t stream) : stream_(stream) {}

  std::span<float> take(std::size_t count) override {
    memory_.push_back(allocate_device(std::max<std::size_t>(count, 1) * sizeof(float)));
    return {static_cast<float*>(memory_.back().get()), count};
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

  void start() override { start_.record(stream_); }

  Seconds stop() override {
    stop_.record(stream_);
    stop_.wait();
    return Seconds(stop_.elapsed_since(start_));
  }

 private:
  cudaStream_t stream_;
  Event start_{true}, stop_{true};
  std::vector<DeviceBuffer> memory_;
};

}  // namespace

std::unique_ptr<calibrate::TimedOp> timed_device_collective(const cost::CollectiveCase& collective,
                                                            std::unique_ptr<calibrate::Communicator> group,
                                                            cudaStream_t stream) {
  return calibrate::timed_collective(collective, std::move(group), std::make_unique<DeviceMedium>(stream));
}

}  // namespace orrery::cuda
