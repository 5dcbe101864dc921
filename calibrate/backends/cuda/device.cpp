#include "calibrate/backends/cuda/device.hpp"

#include <fmt/core.h>

#include "calibrate/backends/cuda/check.hpp"
#include "calibrate/backends/cuda/timing_plan.hpp"
#include "sim/base/error.hpp"

namespace orrery::cuda {
namespace {

std::size_t free_memory() {
  std::size_t free_bytes = 0, total = 0;
  CUDA_CHECK(cudaMemGetInfo(&free_bytes, &total));
  return free_bytes;
}

int attribute(cudaDeviceAttr which, int device) {
  int value = 0;
  CUDA_CHECK(cudaDeviceGetAttribute(&value, which, device));
  return value;
}

}  // namespace

Device::Select::Select(int device) {
  int devices = 0;
  CUDA_CHECK(cudaGetDeviceCount(&devices));
  if (device < 0 || device >= devices) {
    throw BackendError(fmt::format("there is no CUDA device {}: this machine has {}", device, devices));
  }
  CUDA_CHECK(cudaSetDevice(device));
}

Device::Device(const CudaOptions& options) : select_(options.device) {
  const int device = options.device;
  context_.device = device;
  context_.compute_capability = 10 * attribute(cudaDevAttrComputeCapabilityMajor, device) +
                                attribute(cudaDevAttrComputeCapabilityMinor, device);
  context_.sm_count = attribute(cudaDevAttrMultiProcessorCount, device);
  context_.l2_bytes = static_cast<std::size_t>(attribute(cudaDevAttrL2CacheSize, device));
  context_.stream = stream_.get();
  context_.search_algorithms = options.search_algorithms;
  context_.workspace_bytes = workspace_bytes(free_memory());
  workspace_ = allocate_device(context_.workspace_bytes);
  context_.workspace = workspace_.get();
  flush_bytes_ = 2 * context_.l2_bytes;
  if (flush_bytes_ > 0) flush_ = allocate_device(flush_bytes_);
  hold_ = std::make_unique<StreamHold>();
  arena_ = std::make_unique<DeviceArena>(arena_bytes(free_memory(), options.arena_cap));
  // Both loaded before a stream is held for the first time.
  flush_l2();
  StreamHold::Guard(*hold_, stream_.get()).release();
  synchronize();
}

void Device::flush_l2() {
  if (flush_bytes_ > 0) CUDA_CHECK(cudaMemsetAsync(flush_.get(), 1, flush_bytes_, stream_.get()));
}

void Device::synchronize() const {
  CUDA_CHECK(cudaStreamSynchronize(stream_.get()));
}

// The first synchronisation may report, and thereby clear, the error of a call; one that comes back from a
// second stays for good.
bool Device::is_lost() const {
  cudaDeviceSynchronize();
  cudaGetLastError();
  const cudaError_t status = cudaDeviceSynchronize();
  cudaGetLastError();
  return status != cudaSuccess;
}

}  // namespace orrery::cuda
