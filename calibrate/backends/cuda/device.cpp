#include "calibrate/backends/cuda/device.hpp"

#include <fmt/core.h>

#include "calibrate/backend.hpp"
#include "calibrate/backends/cuda/check.hpp"
#include "calibrate/backends/cuda/timing_plan.hpp"

namespace orrery::cuda {
namespace {

constexpr std::size_t kWorkspaceBytes = std::size_t{256} << 20;

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
  workspace_ = allocate_device(kWorkspaceBytes);
  context_.workspace = workspace_.get();
  context_.workspace_bytes = kWorkspaceBytes;
  flush_bytes_ = 2 * context_.l2_bytes;
  if (flush_bytes_ > 0) flush_ = allocate_device(flush_bytes_);
  hold_ = std::make_unique<StreamHold>();
  std::size_t free_bytes = 0, total = 0;
  CUDA_CHECK(cudaMemGetInfo(&free_bytes, &total));
  arena_ = std::make_unique<DeviceArena>(arena_bytes(free_bytes, options.arena_cap));
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

// The first synchronisation may report, and thereby clear, what has just been caught; an error that comes
// back from a second one stays for good.
void throw_if_lost(const BackendError& error) {
  cudaDeviceSynchronize();
  cudaGetLastError();
  const cudaError_t status = cudaDeviceSynchronize();
  cudaGetLastError();
  if (status == cudaSuccess) return;
  throw calibrate::DeviceLost(
      fmt::format("the device answers no more ({}), since: {}", cudaGetErrorName(status), error.what()));
}

}  // namespace orrery::cuda
