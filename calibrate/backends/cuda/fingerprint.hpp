// What tells one GPU and its software from another: the facts that stand in every file of measurements.
// Reading them and putting them into words are apart, so that the words can be tested without a device.
// Identity is a hash of all of them, so a fact must come out the same each time: nothing of NVML is among
// them, which may fail once (clocks, power and their limits stand beside the times, or are warned of).
#pragma once

#include <map>
#include <string>

#include "calibrate/backend.hpp"
#include "calibrate/backends/cuda/device_kernel.hpp"

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
  std::string host_cpu, pcie_link;
  std::map<std::string, std::string> environment;  ///< variables that change what the libraries do
};

/// "13.0" of 13000.
std::string cuda_version_text(int version);

calibrate::Fingerprint fingerprint_of(const DeviceFacts& facts);

/// "580.65.06" of the first line of the kernel driver's version file; empty where there is none.
std::string kernel_driver_of(const std::string& line);

/// Throws BackendError when the device does not answer; what a missing library would know stays empty.
DeviceFacts read_device_facts(const DeviceContext& context, const std::string& pci_bus_id);

}  // namespace orrery::cuda
