// Traces of cases within bounds. A trace costs more than a call: CUPTI is attached for it and detached again.
// So a case is traced at its first visit and remembered, all traces together take a small share of the time,
// and where tracing fails again and again it is given up. Not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "calibrate/backends/cuda/cupti_trace.hpp"
#include "calibrate/measure.hpp"

namespace orrery::cuda {

class CaseTraces {
 public:
  using Trace = std::function<DeviceTrace(const std::function<void()>& work)>;
  /// `trace` as trace_device; `clock` counts the share from now on.
  CaseTraces(Trace trace, calibrate::Clock clock);

  /// The trace of the work of this case, from now or from an earlier visit; empty, with the reason, where
  /// there is none. REQUIRES and throws as trace_device.
  DeviceTrace of(const std::string& subject, const std::function<void()>& work);

 private:
  Trace trace_;
  calibrate::Clock clock_;
  double start_s_, spent_s_ = 0.0;
  int failures_ = 0;  ///< since the last success
  std::map<std::string, DeviceTrace> known_;
};

}  // namespace orrery::cuda
