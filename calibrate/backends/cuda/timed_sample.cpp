#include "calibrate/backends/cuda/timed_sample.hpp"

#include <algorithm>
#include <chrono>
#include <optional>

#include "calibrate/backends/cuda/call_telemetry.hpp"
#include "sim/base/error.hpp"

namespace orrery::cuda {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kHostSamplesMax = 1000;
/// Extra work behind the samples that runs while the device is read, and calls at most. (Of short calls the
/// last may have ended when the host has enqueued them all: then the reading lies right behind.)
constexpr double kSecondsWhileReading = 5e-3;
constexpr double kCallsWhileReadingMax = 500.0;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

double SampleTimer::sample(const Plan& plan, const std::function<void()>& enqueue) {
  const cudaStream_t stream = device_.stream();
  double host_s = 0.0;
  {
    std::optional<StreamHold::Guard> guard;  // released at the end of this block, however it is left
    if (plan.held) guard.emplace(device_.hold(), stream);
    if (plan.flush) device_.flush_l2();
    start_.record(stream);
    const auto start = Clock::now();
    for (int i = 0; i < plan.calls; ++i) enqueue();
    host_s = seconds_since(start);
    stop_.record(stream);
  }
  stop_.wait();
  if (host_seconds_.size() < kHostSamplesMax) host_seconds_.push_back(host_s / plan.calls);
  last_s_ = std::max(stop_.elapsed_since(start_), 1e-9) / plan.calls;
  return last_s_;
}

calibrate::Telemetry SampleTimer::telemetry(const std::string& algorithm,
                                            const std::function<void()>& enqueue) {
  CallFacts facts;
  facts.host_seconds = host_seconds_;
  facts.algorithm = algorithm;
  try {
    if (instruments_.nvml != nullptr && instruments_.nvml->available()) {
      const double calls = std::clamp(kSecondsWhileReading / last_s_, 1.0, kCallsWhileReadingMax);
      for (int i = 0; i < static_cast<int>(calls); ++i) enqueue();
      facts.reading = instruments_.nvml->read_now(instruments_.pci_bus_id);
      device_.synchronize();
    }
    if (instruments_.traces != nullptr) {
      facts.trace = instruments_.traces->of(subject_, [&] {
        enqueue();
        device_.synchronize();
      });
    }
  } catch (const BackendError&) {
    // The times are good without it.
  }
  return telemetry_of(facts);
}

}  // namespace orrery::cuda
