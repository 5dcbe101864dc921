#include "calibrate/timed_collective.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "calibrate/backends/cuda/check.hpp"
#include "calibrate/backends/cuda/timed_kernel.hpp"

namespace orrery::cuda {
namespace {

/// Memory of the device's arena and the host's clock.
class DeviceMedium : public calibrate::CollectiveMedium {
 public:
  explicit DeviceMedium(Device& device) : device_(device), memory_(device.arena()) {}
  ~DeviceMedium() override { cudaStreamSynchronize(device_.stream()); }

  std::span<float> take(std::size_t count) override {
    return {static_cast<float*>(memory_.take(Placement::device, count * sizeof(float))), count};
  }

  void fill(std::span<float> target, std::span<const float> pattern) override {
    std::size_t done = std::min(pattern.size(), target.size());
    copy_bytes(pattern.data(), target.data(), done * sizeof(float), device_.stream());
    // What is there is a whole number of patterns, so it can be doubled.
    while (done < target.size()) {
      const std::size_t more = std::min(done, target.size() - done);
      CUDA_CHECK(cudaMemcpyAsync(target.data() + done, target.data(), more * sizeof(float),
                                 cudaMemcpyDeviceToDevice, device_.stream()));
      done += more;
    }
    device_.synchronize();
  }

  void start() override { start_ = std::chrono::steady_clock::now(); }

  Seconds stop() override {
    device_.synchronize();
    return Seconds(std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count());
  }

 private:
  Device& device_;
  OperandMemory memory_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace

std::unique_ptr<calibrate::TimedOp> timed_collective(Device& device, const cost::CollectiveCase& collective,
                                                     std::unique_ptr<calibrate::Communicator> group) {
  return calibrate::timed_collective(collective, std::move(group), std::make_unique<DeviceMedium>(device));
}

}  // namespace orrery::cuda
