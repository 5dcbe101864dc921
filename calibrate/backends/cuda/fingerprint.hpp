// What tells one GPU and its software from another: the facts that stand in every file of measurements.
// Reading them and putting them into words are apart, so that the words can be tested without a device.
#pragma once

#include <map>
#include <string>

#include "calibrate/backend.hpp"
#include "calibrate/backends/cuda/device_kernel.hpp"
#include "calibrate/backends/cuda/nvml.hpp"

namespace orrery::cuda {

/// Empty and 0: not known.
struct DeviceFacts {
  std::string name;            ///< "NVIDIA H100 80GB HBM3"
  int compute_capability = 0;  ///< 90 for 9.0
  int sm_count = 0;
  double memory_bytes = 0.0, l2_bytes = 0.0;
  int driver = 0, runtime = 0;  ///< CUDA versions as CUDA writes them, 13000
  std::string kernel_driver;    ///< "580.65.06"
  std::string cublas_lt, cudnn, nccl;
  double sm_clock_max_mhz = 0.0, memory_clock_max_mhz = 0.0, power_limit_w = 0.0;
  std::string host_cpu, pcie_link;
  std::map<std::string, std::string> environment;  ///< variables that change what the libraries do
};

/// "13.0" of 13000.
std::string cuda_version_text(int version);

calibrate::Fingerprint fingerprint_of(const DeviceFacts& facts);

/// Throws BackendError when the device does not answer; what a missing library would know stays empty.
DeviceFacts read_device_facts(const DeviceContext& context, const DeviceReading& reading,
                              const std::string& pci_bus_id);

}  // namespace orrery::cuda
