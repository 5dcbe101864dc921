// What the driver's management library says about a device while it is measured: clocks, power, temperature,
// reasons for a reduced clock, and who else uses it. Looked up at run time and optional: without it there is
// no telemetry, and the reason is kept. Nothing is ever set. There is no NVML header in the toolkit, so the
// dozen declarations needed stand here, after NVML's reference manual.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "calibrate/backends/cuda/check.hpp"

namespace orrery::cuda {

enum class NvmlReturn : int { success = 0, not_supported = 3, insufficient_size = 7 };
using NvmlDevice = struct nvmlDevice_st*;

/// A process in the answer of nvmlDeviceGetComputeRunningProcesses_v3.
struct NvmlProcess {
  unsigned int pid;
  unsigned long long used_memory;  ///< bytes; all ones: not known
  unsigned int gpu_instance, compute_instance;
};
struct NvmlUtilization {
  unsigned int gpu, memory;  ///< percent of the last sample period
};

/// One look at a device. What a driver or device does not offer is left out.
struct DeviceReading {
  std::string name, driver;
  std::optional<double> sm_clock_mhz, sm_clock_max_mhz, memory_clock_mhz, memory_clock_max_mhz;
  std::optional<double> power_w;  ///< a mean over about the last second
  std::optional<double> power_limit_w, power_limit_default_w, temperature_c, busy_percent;
  std::string throttle;       ///< why the clock is reduced: "power cap, thermal slowdown"; empty: it is not
  int other_processes = 0;    ///< with a compute context on the device, without this process
  double other_memory = 0.0;  ///< bytes that they hold, as far as known
  std::string problem;        ///< what could not be read, and why; empty: nothing
};

/// The reasons of a bit mask of nvmlDeviceGetCurrentClocksEventReasons, without "idle", joined by ", ".
std::string throttle_text(std::uint64_t reasons);

class Nvml {
 public:
  /// Never throws: without the library (or with one that does not start) `available` is false.
  static Nvml open();

  bool available() const { return functions_.nvmlInit_v2 != nullptr; }
  const std::string& problem() const { return problem_; }

  /// Never throws. `pci_bus_id` as cudaDeviceGetPCIBusId gives it. A reading taken before this process has a
  /// CUDA context counts the others rightly everywhere; inside a container a later one may count this process
  /// too, because the driver knows it by another number.
  DeviceReading read(const std::string& pci_bus_id) const;
  /// What changes while kernels run, and no more, for it must be read before they end: SM clock, throttling,
  /// then power.
  DeviceReading read_now(const std::string& pci_bus_id) const;

  /// Under NVML's own names; null where the library has no such function. Only the first three are necessary.
  struct Functions {
    NvmlReturn (*nvmlInit_v2)() = nullptr;
    const char* (*nvmlErrorString)(NvmlReturn) = nullptr;
    NvmlReturn (*nvmlDeviceGetHandleByPciBusId_v2)(const char*, NvmlDevice*) = nullptr;
    NvmlReturn (*nvmlSystemGetDriverVersion)(char*, unsigned int) = nullptr;
    NvmlReturn (*nvmlDeviceGetName)(NvmlDevice, char*, unsigned int) = nullptr;
    NvmlReturn (*nvmlDeviceGetClockInfo)(NvmlDevice, int, unsigned int*) = nullptr;
    NvmlReturn (*nvmlDeviceGetMaxClockInfo)(NvmlDevice, int, unsigned int*) = nullptr;
    NvmlReturn (*nvmlDeviceGetPowerUsage)(NvmlDevice, unsigned int*) = nullptr;
    NvmlReturn (*nvmlDeviceGetEnforcedPowerLimit)(NvmlDevice, unsigned int*) = nullptr;
    NvmlReturn (*nvmlDeviceGetPowerManagementDefaultLimit)(NvmlDevice, unsigned int*) = nullptr;
    NvmlReturn (*nvmlDeviceGetTemperature)(NvmlDevice, int, unsigned int*) = nullptr;
    NvmlReturn (*nvmlDeviceGetCurrentClocksEventReasons)(NvmlDevice, unsigned long long*) = nullptr;
    NvmlReturn (*nvmlDeviceGetUtilizationRates)(NvmlDevice, NvmlUtilization*) = nullptr;
    NvmlReturn (*nvmlDeviceGetComputeRunningProcesses_v3)(NvmlDevice, unsigned int*, NvmlProcess*) = nullptr;
  };

 private:
  Functions functions_;
  std::string problem_;
};

template <>
struct StatusOf<NvmlReturn> {
  static constexpr const char* kLibrary = "NVML";
  static bool ok(NvmlReturn status) { return status == NvmlReturn::success; }
  static bool out_of_memory(NvmlReturn) { return false; }
  static std::string text(NvmlReturn status);
};

}  // namespace orrery::cuda
