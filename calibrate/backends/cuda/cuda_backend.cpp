#include "calibrate/backends/cuda/cuda_backend.hpp"

#include <fmt/core.h>

#include <array>
#include <vector>

#include "calibrate/backends/cuda/check.hpp"
#include "calibrate/backends/cuda/device_collective.hpp"
#include "calibrate/backends/cuda/kernel_factory.hpp"
#include "calibrate/backends/cuda/nccl_communicator.hpp"
#include "calibrate/backends/cuda/operand_plan.hpp"
#include "calibrate/number_format.hpp"
#include "sim/base/error.hpp"

namespace orrery::cuda {
namespace {

/// "0000:1b:00.0". Makes no context.
std::string pci_bus_id(int device) {
  try {
    int devices = 0;
    CUDA_CHECK(cudaGetDeviceCount(&devices));
  } catch (const BackendError& error) {
    throw BackendError(fmt::format("no GPU answers here (nvidia-smi should list one): {}", error.what()));
  }
  std::array<char, 32> text{};
  CUDA_CHECK(cudaDeviceGetPCIBusId(text.data(), static_cast<int>(text.size()), device));
  return text.data();
}

void run_once(Device& device, const cost::Op& op, calibrate::OperandValues& values) {
  const std::vector<cost::Operand> operands = cost::operands(op);
  SIM_ASSERT(values.size() == operands.size(), "one list of numbers per operand");
  const std::unique_ptr<DeviceKernel> kernel = make_kernel(op, device.context());
  OperandMemory memory(device.arena());
  std::vector<void*> buffers;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    SIM_ASSERT(values[i].size() == static_cast<std::size_t>(operands[i].elements), "one number per element");
    const std::vector<std::byte> bytes = calibrate::encode(values[i], operands[i].dtype);
    buffers.push_back(memory.take(placement(op, i), bytes.size()));
    copy_bytes(bytes.data(), buffers.back(), bytes.size(), device.stream());
  }
  kernel->launch(buffers, device.stream());
  device.synchronize();
  for (std::size_t i = 0; i < operands.size(); ++i) {
    if (operands[i].access == cost::Access::read) continue;
    std::vector<std::byte> bytes(values[i].size() *
                                 static_cast<std::size_t>(cost::bytes_of(operands[i].dtype)));
    copy_bytes(buffers[i], bytes.data(), bytes.size(), device.stream());
    values[i] = calibrate::decode(bytes, operands[i].dtype);
  }
}

}  // namespace

CudaBackend::CudaBackend(calibrate::Communicator& communicator, const CudaOptions& options)
    : communicator_(communicator),
      nvml_(Nvml::open()),
      pci_bus_id_(pci_bus_id(options.device)),
      first_reading_(nvml_.read(pci_bus_id_)),
      device_(std::make_unique<Device>(options)),
      facts_(read_device_facts(device_->context(), pci_bus_id_)),
      traces_([](const std::function<void()>& work) { return trace_device(work); },
              calibrate::steady_clock()),
      instruments_{&nvml_, pci_bus_id_, options.trace ? &traces_ : nullptr} {}

bool CudaBackend::supports(const cost::Op& op) const {
  return cuda::supports(op, device_->context());
}

void CudaBackend::compute(const cost::Op& op, calibrate::OperandValues& values) {
  run_once(*device_, op, values);
}

std::unique_ptr<calibrate::TimedOp> CudaBackend::prepare(const cost::Op& op,
                                                         const cost::Conditions& conditions) {
  return timed_kernel(*device_, instruments_, op, conditions.reuse_distance);
}

std::unique_ptr<calibrate::TimedOp> CudaBackend::prepare(const cost::CollectiveCase& collective) {
  if (collective.ranks > ranks() || collective.ranks < 1) {
    throw ScenarioError("",
                        fmt::format("a collective of {} ranks cannot be measured with {}: start more ranks",
                                    collective.ranks, ranks()));
  }
  if (!nccl_) nccl_ = nccl_communicator(communicator_, device_->stream());
  return timed_device_collective(collective, nccl_->first_ranks(collective.ranks), device_->stream());
}

std::unique_ptr<calibrate::TimedOp> CudaBackend::prepare(const calibrate::Composition& composition) {
  return timed_composition(*device_, instruments_, composition);
}

}  // namespace orrery::cuda
