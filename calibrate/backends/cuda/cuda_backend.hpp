// The real backend on one GPU per rank: checks and times the kernels of device_kernel.hpp, compositions of
// them and, through NCCL, collectives. Libraries are looked up when a kernel first needs them, so that a
// missing one costs its operators and nothing else. Not thread-safe.
#pragma once

#include <memory>
#include <string>

#include "calibrate/backend.hpp"
#include "calibrate/backends/cuda/device.hpp"
#include "calibrate/backends/cuda/device_warnings.hpp"
#include "calibrate/backends/cuda/fingerprint.hpp"
#include "calibrate/backends/cuda/nvml.hpp"
#include "calibrate/backends/cuda/timed_kernel.hpp"
#include "calibrate/communicator.hpp"

namespace orrery::cuda {

class CudaBackend : public calibrate::Backend {
 public:
  /// `communicator` carries barriers and decisions between the ranks' hosts and outlives the backend. Throws
  /// BackendError when there is no such device or no driver.
  CudaBackend(calibrate::Communicator& communicator, const CudaOptions& options);
  CudaBackend(const CudaBackend&) = delete;
  CudaBackend& operator=(const CudaBackend&) = delete;

  std::string name() const override { return "cuda"; }
  calibrate::Fingerprint fingerprint() const override { return fingerprint_of(facts_); }
  int ranks() const override { return communicator_.size(); }
  int rank() const override { return communicator_.rank(); }

  bool supports(const cost::Op& op) const override;
  /// Throws DoesNotFit, and BackendError when a library refuses the shape.
  void compute(const cost::Op& op, calibrate::OperandValues& values) override;

  std::unique_ptr<calibrate::TimedOp> prepare(const cost::Op& op,
                                              const cost::Conditions& conditions) override;
  /// Over NCCL, one GPU per rank. Throws ScenarioError when there are fewer ranks than the collective wants.
  std::unique_ptr<calibrate::TimedOp> prepare(const cost::CollectiveCase& collective) override;
  std::unique_ptr<calibrate::TimedOp> prepare(const calibrate::Composition& composition) override;

  std::vector<std::string> warnings() const override { return device_warnings(first_reading_); }
  bool is_lost() const override { return device_->is_lost(); }

  void barrier() override { communicator_.barrier(); }
  void patient_barrier() override { communicator_.patient_barrier(); }
  double max_over_ranks(double value) override { return communicator_.all_reduce_max(value); }

  const DeviceFacts& facts() const { return facts_; }
  /// The device before this process used it: who else was there, how busy it was.
  const DeviceReading& first_reading() const { return first_reading_; }
  Device& device() { return *device_; }

 private:
  calibrate::Communicator& communicator_;
  Nvml nvml_;
  std::string pci_bus_id_;
  DeviceReading first_reading_;
  std::unique_ptr<Device> device_;
  DeviceFacts facts_;
  CaseTraces traces_;
  Instruments instruments_;
  std::unique_ptr<calibrate::Communicator> nccl_;  ///< made for the first collective
};

}  // namespace orrery::cuda
