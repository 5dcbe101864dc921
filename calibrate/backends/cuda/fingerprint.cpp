#include "calibrate/backends/cuda/fingerprint.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "calibrate/backends/cuda/check.hpp"
#include "calibrate/backends/cuda/cublas_lt.hpp"
#include "calibrate/backends/cuda/cudnn.hpp"
#include "calibrate/backends/cuda/nccl_communicator.hpp"
#include "sim/base/error.hpp"

namespace orrery::cuda {
namespace {

std::string known(const std::string& text) {
  return text.empty() ? "unknown" : text;
}
std::string known(double number, const char* unit) {
  return number > 0.0 ? fmt::format("{:.0f} {}", number, unit) : "unknown";
}

std::string first_line(const std::string& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

std::string host_cpu() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return {};
}

/// "32.0 GT/s PCIe x16", the most that slot and device agree on. (At rest the link runs slower.)
std::string pcie_link(std::string pci_bus_id) {
  std::transform(pci_bus_id.begin(), pci_bus_id.end(), pci_bus_id.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const std::string folder = "/sys/bus/pci/devices/" + pci_bus_id;
  const std::string speed = first_line(folder + "/max_link_speed");
  const std::string width = first_line(folder + "/max_link_width");
  return speed.empty() || width.empty() ? std::string() : speed + " x" + width;
}

template <class Library>
std::string version_or_none() {
  try {
    return Library::get().version();
  } catch (const BackendError&) {
    return {};
  }
}

std::map<std::string, std::string> environment() {
  std::map<std::string, std::string> found;
  for (const char* name : {"CUDA_VISIBLE_DEVICES", "CUDA_MODULE_LOADING", "CUDA_DEVICE_MAX_CONNECTIONS",
                           "CUDA_LAUNCH_BLOCKING", "NVIDIA_TF32_OVERRIDE", "CUBLASLT_WORKSPACE_SIZE"}) {
    if (const char* value = std::getenv(name)) found[name] = value;
  }
  return found;
}

}  // namespace

std::string cuda_version_text(int version) {
  return version > 0 ? fmt::format("{}.{}", version / 1000, version % 1000 / 10) : "unknown";
}

calibrate::Fingerprint fingerprint_of(const DeviceFacts& facts) {
  calibrate::Fingerprint f;
  f["device"] = known(facts.name);
  f["algorithm"] = fmt::format("CUDA {} + cuBLASLt {} + cuDNN {}", cuda_version_text(facts.runtime),
                               known(facts.cublas_lt), known(facts.cudnn));
  f["compute_capability"] =
      fmt::format("{}.{}", facts.compute_capability / 10, facts.compute_capability % 10);
  f["sm_count"] = std::to_string(facts.sm_count);
  f["memory"] = known(facts.memory_bytes / (1 << 30), "GiB");
  f["l2_cache"] = known(facts.l2_bytes / (1 << 20), "MiB");
  f["cuda_driver"] = cuda_version_text(facts.driver);
  f["cuda_runtime"] = cuda_version_text(facts.runtime);
  f["driver"] = known(facts.kernel_driver);
  f["cublas_lt"] = known(facts.cublas_lt);
  f["cudnn"] = known(facts.cudnn);
  f["nccl"] = known(facts.nccl);
  f["host_cpu"] = known(facts.host_cpu);
  f["pcie_link"] = known(facts.pcie_link);
  for (const auto& [name, value] : facts.environment) f["env " + name] = value;
  return f;
}

// "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build  (...)": the first word
// of digits and points.
std::string kernel_driver_of(const std::string& line) {
  std::istringstream words(line);
  for (std::string word; words >> word;) {
    const bool is_version = word.find('.') != std::string::npos && word.front() != '.' &&
                            word.back() != '.' && word.find_first_not_of("0123456789.") == std::string::npos;
    if (is_version) return word;
  }
  return {};
}

DeviceFacts read_device_facts(const DeviceContext& context, const std::string& pci_bus_id) {
  cudaDeviceProp properties{};
  CUDA_CHECK(cudaGetDeviceProperties(&properties, context.device));
  DeviceFacts facts;
  facts.name = properties.name;
  facts.compute_capability = context.compute_capability;
  facts.sm_count = context.sm_count;
  facts.memory_bytes = static_cast<double>(properties.totalGlobalMem);
  facts.l2_bytes = static_cast<double>(context.l2_bytes);
  CUDA_CHECK(cudaDriverGetVersion(&facts.driver));
  CUDA_CHECK(cudaRuntimeGetVersion(&facts.runtime));
  facts.kernel_driver = kernel_driver_of(first_line("/proc/driver/nvidia/version"));
  facts.cublas_lt = version_or_none<CublasLt>();
  facts.cudnn = version_or_none<Cudnn>();
  facts.nccl = nccl_version();
  facts.host_cpu = host_cpu();
  facts.pcie_link = pcie_link(pci_bus_id);
  facts.environment = environment();
  return facts;
}

}  // namespace orrery::cuda
