// The real backend on this machine's cores: times the kernels of kernels.hpp and the collectives of a
// Communicator, one process per rank.
#pragma once

#include "calibrate/backend.hpp"
#include "calibrate/communicator.hpp"

namespace orrery::cpu {

class CpuBackend : public calibrate::Backend {
 public:
  /// `communicator` lives longer than the backend. Sets the math libraries to one thread.
  explicit CpuBackend(calibrate::Communicator& communicator);

  std::string name() const override { return "cpu"; }
  calibrate::Fingerprint fingerprint() const override;
  int ranks() const override { return communicator_.size(); }
  int rank() const override { return communicator_.rank(); }

  /// fp32 and casts; no copies over a bus and no recorded graphs.
  bool supports(const cost::Op& op) const override;
  /// Throws BackendError for what is not supported.
  void compute(const cost::Op& op, calibrate::OperandValues& values) override;

  /// Buffers, repetitions and limits: timed_kernel.hpp.
  std::unique_ptr<calibrate::TimedOp> prepare(const cost::Op& op,
                                              const cost::Conditions& conditions) override;

  /// Collective over all ranks. On ranks outside the first `collective.ranks`, `run` does nothing and returns
  /// 0. Throws ScenarioError when there are fewer ranks than the collective wants.
  std::unique_ptr<calibrate::TimedOp> prepare(const cost::CollectiveCase& collective) override;

  /// Lanes run one after the other: one rank is one core.
  std::unique_ptr<calibrate::TimedOp> prepare(const calibrate::Composition& composition) override;

  void barrier() override { communicator_.barrier(); }
  void patient_barrier() override { communicator_.patient_barrier(); }
  double max_over_ranks(double value) override { return communicator_.all_reduce_max(value); }

 private:
  calibrate::Communicator& communicator_;
};

/// One collective over all ranks of `group`, which it keeps; none = this rank takes no part.
std::unique_ptr<calibrate::TimedOp> timed_collective(const cost::CollectiveCase& collective,
                                                     std::unique_ptr<calibrate::Communicator> group);

}  // namespace orrery::cpu
