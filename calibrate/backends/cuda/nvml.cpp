#include "calibrate/backends/cuda/nvml.hpp"

#include <unistd.h>

#include <array>
#include <utility>

#include "calibrate/dynamic_library.hpp"
#include "sim/base/error.hpp"

namespace orrery::cuda {
namespace {

// Numbers of NVML's enumerations.
constexpr int kClockSm = 1, kClockMemory = 2, kSensorGpu = 0;
constexpr unsigned long long kUnknownMemory = ~0ULL;

/// The library's own texts, once it is there.
const char* (*error_string)(NvmlReturn) = nullptr;

void add_problem(DeviceReading& reading, const std::string& problem) {
  if (!reading.problem.empty()) reading.problem += "; ";
  reading.problem += problem;
}

/// Runs one reading; what the driver does not offer is no problem, what fails is noted.
template <class Read>
void attempt(DeviceReading& reading, Read read) {
  try {
    read();
  } catch (const BackendError& error) {
    add_problem(reading, error.what());
  }
}

/// One function of the library with its name, for the text of a failed call.
template <class Function>
struct Named {
  const char* name;
  Function call;
};
template <class Function>
Named<Function> named(const char* name, Function call) {
  return {name, call};
}
#define NAMED(table, function) named(#function, (table).function)

/// Calls `get(arguments..., &value)`. False: there is no such function or value on this device.
template <class Function, class Value, class... Arguments>
bool offered(const Named<Function>& get, Value* value, Arguments... arguments) {
  if (get.call == nullptr) return false;
  const NvmlReturn status = get.call(arguments..., value);
  if (status == NvmlReturn::not_supported) return false;
  check(status, {get.name, __FILE__, __LINE__});
  return true;
}

/// The same for a number, in units of `unit`.
template <class Function, class... Arguments>
void read_number(DeviceReading& reading, std::optional<double>& target, double unit,
                 const Named<Function>& get, Arguments... arguments) {
  attempt(reading, [&] {
    unsigned int value = 0;
    if (offered(get, &value, arguments...)) target = value * unit;
  });
}

/// Those who compute on the device beside this process.
void count_others(DeviceReading& reading, NvmlDevice device, const Nvml::Functions& nvml) {
  if (nvml.nvmlDeviceGetComputeRunningProcesses_v3 == nullptr) return;
  std::vector<NvmlProcess> found(64);
  auto count = static_cast<unsigned int>(found.size());
  NvmlReturn status = nvml.nvmlDeviceGetComputeRunningProcesses_v3(device, &count, found.data());
  if (status == NvmlReturn::insufficient_size) {
    found.resize(count + 64);  // room for those that start meanwhile
    count = static_cast<unsigned int>(found.size());
    status = nvml.nvmlDeviceGetComputeRunningProcesses_v3(device, &count, found.data());
  }
  if (status == NvmlReturn::not_supported) return;
  check(status, {"nvmlDeviceGetComputeRunningProcesses_v3", __FILE__, __LINE__});
  for (unsigned int i = 0; i < count; ++i) {
    if (found[i].pid == static_cast<unsigned int>(getpid())) continue;
    ++reading.other_processes;
    if (found[i].used_memory != kUnknownMemory)
      reading.other_memory += static_cast<double>(found[i].used_memory);
  }
}

void read_texts(DeviceReading& reading, NvmlDevice device, const Nvml::Functions& nvml) {
  char text[96] = "";
  attempt(reading, [&] {
    if (nvml.nvmlDeviceGetName == nullptr) return;
    NVML_CHECK(nvml.nvmlDeviceGetName(device, text, sizeof text));
    reading.name = text;
  });
  attempt(reading, [&] {
    if (nvml.nvmlSystemGetDriverVersion == nullptr) return;
    NVML_CHECK(nvml.nvmlSystemGetDriverVersion(text, sizeof text));
    reading.driver = text;
  });
}

/// What passes soonest comes first.
void read_changing(DeviceReading& r, NvmlDevice device, const Nvml::Functions& nvml) {
  read_number(r, r.sm_clock_mhz, 1.0, NAMED(nvml, nvmlDeviceGetClockInfo), device, kClockSm);
  attempt(r, [&] {
    unsigned long long reasons = 0;
    if (!offered(NAMED(nvml, nvmlDeviceGetCurrentClocksEventReasons), &reasons, device)) return;
    r.throttle = throttle_text(reasons);
  });
  read_number(r, r.power_w, 1e-3, NAMED(nvml, nvmlDeviceGetPowerUsage), device);
}

void read_numbers(DeviceReading& r, NvmlDevice device, const Nvml::Functions& nvml) {
  read_number(r, r.memory_clock_mhz, 1.0, NAMED(nvml, nvmlDeviceGetClockInfo), device, kClockMemory);
  read_number(r, r.sm_clock_max_mhz, 1.0, NAMED(nvml, nvmlDeviceGetMaxClockInfo), device, kClockSm);
  read_number(r, r.memory_clock_max_mhz, 1.0, NAMED(nvml, nvmlDeviceGetMaxClockInfo), device, kClockMemory);
  read_number(r, r.power_limit_w, 1e-3, NAMED(nvml, nvmlDeviceGetEnforcedPowerLimit), device);
  read_number(r, r.power_limit_default_w, 1e-3, NAMED(nvml, nvmlDeviceGetPowerManagementDefaultLimit),
              device);
  read_number(r, r.temperature_c, 1.0, NAMED(nvml, nvmlDeviceGetTemperature), device, kSensorGpu);
  attempt(r, [&] {
    NvmlUtilization busy{};
    if (!offered(NAMED(nvml, nvmlDeviceGetUtilizationRates), &busy, device)) return;
    r.busy_percent = busy.gpu;
  });
}

Nvml::Functions functions_of(const calibrate::DynamicLibrary& library) {
  Nvml::Functions nvml;
  library.bind(nvml.nvmlInit_v2, "nvmlInit_v2");
  library.bind(nvml.nvmlErrorString, "nvmlErrorString");
  library.bind(nvml.nvmlDeviceGetHandleByPciBusId_v2, "nvmlDeviceGetHandleByPciBusId_v2");
  const auto wish = [&](auto& function, const char* name) {
    if (function == nullptr)
      function = library.symbol_or_null<std::remove_reference_t<decltype(function)>>(name);
  };
  wish(nvml.nvmlSystemGetDriverVersion, "nvmlSystemGetDriverVersion");
  wish(nvml.nvmlDeviceGetName, "nvmlDeviceGetName");
  wish(nvml.nvmlDeviceGetClockInfo, "nvmlDeviceGetClockInfo");
  wish(nvml.nvmlDeviceGetMaxClockInfo, "nvmlDeviceGetMaxClockInfo");
  wish(nvml.nvmlDeviceGetPowerUsage, "nvmlDeviceGetPowerUsage");
  wish(nvml.nvmlDeviceGetEnforcedPowerLimit, "nvmlDeviceGetEnforcedPowerLimit");
  wish(nvml.nvmlDeviceGetPowerManagementDefaultLimit, "nvmlDeviceGetPowerManagementDefaultLimit");
  wish(nvml.nvmlDeviceGetTemperature, "nvmlDeviceGetTemperature");
  wish(nvml.nvmlDeviceGetCurrentClocksEventReasons, "nvmlDeviceGetCurrentClocksEventReasons");
  // The name in older drivers.
  wish(nvml.nvmlDeviceGetCurrentClocksEventReasons, "nvmlDeviceGetCurrentClocksThrottleReasons");
  wish(nvml.nvmlDeviceGetUtilizationRates, "nvmlDeviceGetUtilizationRates");
  wish(nvml.nvmlDeviceGetComputeRunningProcesses_v3, "nvmlDeviceGetComputeRunningProcesses_v3");
  return nvml;
}

}  // namespace

std::string throttle_text(std::uint64_t reasons) {
  // Bit 0 is "idle": a clock that is low because nothing runs.
  static const std::array<std::pair<std::uint64_t, const char*>, 8> kReasons{{
      {0x2, "application clocks"},
      {0x4, "power cap"},
      {0x8, "hardware slowdown"},
      {0x10, "sync boost"},
      {0x20, "thermal slowdown"},
      {0x40, "hardware thermal slowdown"},
      {0x80, "power brake"},
      {0x100, "display clocks"},
  }};
  std::string text;
  for (const auto& [bit, reason] : kReasons) {
    if ((reasons & bit) != 0) text += (text.empty() ? "" : ", ") + std::string(reason);
  }
  if ((reasons & ~std::uint64_t{0x1FF}) != 0) text += (text.empty() ? "" : ", ") + std::string("other");
  return text;
}

std::string StatusOf<NvmlReturn>::text(NvmlReturn status) {
  return error_string == nullptr ? "no text" : error_string(status);
}

Nvml Nvml::open() {
  Nvml opened;
  try {
    const Functions nvml =
        functions_of(calibrate::DynamicLibrary::open({.name = "NVML", .sonames = {"libnvidia-ml.so.1"}}));
    error_string = nvml.nvmlErrorString;
    NVML_CHECK(nvml.nvmlInit_v2());  // never shut down: other parts of the process may use it too
    opened.functions_ = nvml;
  } catch (const BackendError& error) {
    opened.problem_ = error.what();
  }
  return opened;
}

DeviceReading Nvml::read(const std::string& pci_bus_id) const {
  DeviceReading reading;
  reading.problem = problem_;
  if (!available()) return reading;
  const Functions& nvml = functions_;
  attempt(reading, [&] {
    NvmlDevice device = nullptr;
    NVML_CHECK(nvml.nvmlDeviceGetHandleByPciBusId_v2(pci_bus_id.c_str(), &device));
    read_changing(reading, device, nvml);
    read_texts(reading, device, nvml);
    read_numbers(reading, device, nvml);
    attempt(reading, [&] { count_others(reading, device, nvml); });
  });
  return reading;
}

DeviceReading Nvml::read_now(const std::string& pci_bus_id) const {
  DeviceReading reading;
  reading.problem = problem_;
  if (!available()) return reading;
  attempt(reading, [&] {
    NvmlDevice device = nullptr;
    NVML_CHECK(functions_.nvmlDeviceGetHandleByPciBusId_v2(pci_bus_id.c_str(), &device));
    read_changing(reading, device, functions_);
  });
  return reading;
}

}  // namespace orrery::cuda
