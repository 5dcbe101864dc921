// What timed operators and timed compositions share: a sample between two events, the host's time to enqueue
// it, and the telemetry of one call.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "calibrate/backends/cuda/device.hpp"
#include "calibrate/backends/cuda/timed_kernel.hpp"

namespace orrery::cuda {

class SampleTimer {
 public:
  /// `subject` tells the case from others, for its trace.
  SampleTimer(Device& device, Instruments instruments, std::string subject)
      : device_(device), instruments_(std::move(instruments)), subject_(std::move(subject)) {}

  struct Plan {
    int calls = 1;
    bool held = false;
    bool flush = false;
  };
  /// Seconds per call of `plan.calls` calls of `enqueue`, which works on the device's stream.
  double sample(const Plan& plan, const std::function<void()>& enqueue);

  /// The device is read once, beside about 5 ms of extra calls right behind the samples, not during them; the
  /// clock is of that moment, power is NVML's mean over about a second. What cannot be known is left out.
  calibrate::Telemetry telemetry(const std::string& algorithm, const std::function<void()>& enqueue);

 private:
  Device& device_;
  Instruments instruments_;
  std::string subject_;
  Event start_{true}, stop_{true};
  double last_s_ = 1.0;  ///< of one call, in the last sample
  std::vector<double> host_seconds_;
};

}  // namespace orrery::cuda
