#include "calibrate/backends/cuda/device_warnings.hpp"

#include <fmt/core.h>

#include "sim/base/unit_text.hpp"
#include "sim/base/units.hpp"

namespace orrery::cuda {
namespace {

/// A sample period of a free device can show a per cent or two: a driver's own work.
constexpr double kBusyLeast = 5.0;

std::string others_text(const DeviceReading& before) {
  const bool one = before.other_processes == 1;
  std::string text = one ? "another process uses the device"
                         : fmt::format("{} other processes use the device", before.other_processes);
  if (before.other_memory > 0.0)
    text += fmt::format(" and hold{} {} of its memory", one ? "s" : "", human(Bytes(before.other_memory)));
  return text + ": times may be longer than the device's own";
}

}  // namespace

std::vector<std::string> device_warnings(const DeviceReading& before) {
  std::vector<std::string> warnings;
  if (before.other_processes > 0) warnings.push_back(others_text(before));
  if (before.busy_percent.value_or(0.0) > kBusyLeast) {
    warnings.push_back(
        fmt::format("the device was {:.0f} % busy before anything was measured", *before.busy_percent));
  }
  if (!before.throttle.empty())
    warnings.push_back("the clock is held down before anything is measured: " + before.throttle);
  if (before.power_limit_w && before.power_limit_w < before.power_limit_default_w) {
    warnings.push_back(fmt::format("the power limit is {:.0f} W, the device's own is {:.0f} W",
                                   *before.power_limit_w, *before.power_limit_default_w));
  }
  // Without a name there was no answer at all; single figures that a driver lacks are no reason to warn.
  if (before.name.empty() && !before.problem.empty())
    warnings.push_back("whether others use the device, and its clock, are not known: " + before.problem);
  return warnings;
}

}  // namespace orrery::cuda
