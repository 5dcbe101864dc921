// What is told about a case beside its times, put together from a trace of one call, a reading of the device
// and the host's own times. Pure.
#pragma once

#include <string>
#include <vector>

#include "calibrate/backend.hpp"
#include "calibrate/backends/cuda/cupti_trace.hpp"
#include "calibrate/backends/cuda/nvml.hpp"

namespace orrery::cuda {

struct CallFacts {
  std::vector<double> host_seconds;  ///< to enqueue one call, one entry per sample
  std::string algorithm;             ///< what the kernel says of its choice
  DeviceTrace trace;                 ///< of one call at the first visit of the case; may be empty
  DeviceReading reading;             ///< once, beside extra calls behind the samples
};

/// The host's median; the time in which at least one kernel, copy or set ran; the number of kernels; as
/// algorithm the kernel's own words and the name of the longest kernel without its template and call
/// parameters.
calibrate::Telemetry telemetry_of(const CallFacts& facts);

}  // namespace orrery::cuda
