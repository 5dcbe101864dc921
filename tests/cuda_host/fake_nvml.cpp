// A stand-in for the driver's libnvidia-ml: one device whose figures a test can hold the reader to. It has no
// nvmlDeviceGetUtilizationRates (an older library), no power limit on its device, and a thermometer that
// fails.
#include <unistd.h>

#include <cstring>

namespace {
constexpr int kSuccess = 0, kNotSupported = 3, kNotFound = 6, kInsufficientSize = 7, kUnknown = 999;
char device;
}  // namespace

extern "C" {

struct FakeProcess {
  unsigned int pid;
  unsigned long long used_memory;
  unsigned int gpu_instance, compute_instance;
};

#ifndef ORRERY_FAKE_NVML_WITHOUT_INIT
int nvmlInit_v2() {
  return kSuccess;
}
#endif

const char* nvmlErrorString(int code) {
  return code == kNotFound ? "Not Found" : "Unknown Error";
}

int nvmlDeviceGetHandleByPciBusId_v2(const char* bus_id, void** handle) {
  if (std::strcmp(bus_id, "0000:17:00.0") != 0) return kNotFound;
  *handle = &device;
  return kSuccess;
}

int nvmlSystemGetDriverVersion(char* text, unsigned int size) {
  std::strncpy(text, "580.65.06", size);
  return kSuccess;
}

int nvmlDeviceGetName(void*, char* text, unsigned int size) {
  std::strncpy(text, "Fake H100", size);
  return kSuccess;
}

int nvmlDeviceGetClockInfo(void*, int kind, unsigned int* mhz) {
  *mhz = kind == 1 ? 1755 : 2619;  // 1: SM, 2: memory
  return kSuccess;
}

int nvmlDeviceGetMaxClockInfo(void*, int kind, unsigned int* mhz) {
  *mhz = kind == 1 ? 1980 : 2620;
  return kSuccess;
}

int nvmlDeviceGetPowerUsage(void*, unsigned int* milliwatts) {
  *milliwatts = 412500;
  return kSuccess;
}

int nvmlDeviceGetEnforcedPowerLimit(void*, unsigned int*) {
  return kNotSupported;
}

int nvmlDeviceGetPowerManagementDefaultLimit(void*, unsigned int* milliwatts) {
  *milliwatts = 700000;
  return kSuccess;
}

int nvmlDeviceGetTemperature(void*, int, unsigned int*) {
  return kUnknown;
}

int nvmlDeviceGetCurrentClocksThrottleReasons(void*, unsigned long long* reasons) {
  *reasons = 0x1 | 0x4 | 0x40;
  return kSuccess;
}

/// This process, 68 of one MiB each and one whose memory is not known: more than a first guess has room for.
int nvmlDeviceGetComputeRunningProcesses_v3(void*, unsigned int* count, FakeProcess* processes) {
  const unsigned int room = *count;
  *count = 70;
  if (room < 70) return kInsufficientSize;
  processes[0] = {static_cast<unsigned int>(getpid()), 5ULL << 30, 0, 0};
  for (unsigned int i = 1; i < 69; ++i) processes[i] = {4000000000U + i, 1ULL << 20, 0, 0};
  processes[69] = {4100000000U, ~0ULL, 0, 0};
  return kSuccess;
}
}
