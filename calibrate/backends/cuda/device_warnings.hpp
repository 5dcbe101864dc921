// What should be known before times of a device are trusted: others that use it, a clock that something holds
// down while nothing runs, a power limit below the device's own, or that nobody can tell. From one reading,
// taken before this process uses the device.
#pragma once

#include <string>
#include <vector>

#include "calibrate/backends/cuda/nvml.hpp"

namespace orrery::cuda {

/// One line each; empty when the device is free and rested.
std::vector<std::string> device_warnings(const DeviceReading& before);

}  // namespace orrery::cuda
