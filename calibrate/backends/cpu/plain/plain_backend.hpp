// The CPU as a backend without any library: one rank, plain loops for products. It takes the device's place
// where a measuring program is rehearsed on a machine that has neither a GPU nor oneDNN nor MPI.
#pragma once

#include "calibrate/backend.hpp"

namespace orrery::cpu {

class PlainBackend : public calibrate::Backend {
 public:
  std::string name() const override { return "cpu"; }
  /// "device" is the CPU's model, "algorithm" says that products are plain loops.
  calibrate::Fingerprint fingerprint() const override;
  int ranks() const override { return 1; }
  int rank() const override { return 0; }

  /// As CpuBackend.
  bool supports(const cost::Op& op) const override;
  void compute(const cost::Op& op, calibrate::OperandValues& values) override;
  std::unique_ptr<calibrate::TimedOp> prepare(const cost::Op& op,
                                              const cost::Conditions& conditions) override;
  std::unique_ptr<calibrate::TimedOp> prepare(const calibrate::Composition& composition) override;
  /// One rank has nobody to wait for: its collectives take the time of an empty call. Throws ScenarioError
  /// for more ranks.
  std::unique_ptr<calibrate::TimedOp> prepare(const cost::CollectiveCase& collective) override;

  void barrier() override {}
  double max_over_ranks(double value) override { return value; }
};

}  // namespace orrery::cpu
