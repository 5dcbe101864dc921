#include "calibrate/backends/cpu/cpu_backend.hpp"

#include <fmt/core.h>

#include "calibrate/backends/cpu/fingerprint.hpp"
#include "calibrate/backends/cpu/kernels/compute.hpp"
#include "calibrate/backends/cpu/kernels/kernels.hpp"
#include "calibrate/backends/cpu/kernels/timed_kernel.hpp"
#include "sim/base/error.hpp"

namespace orrery::cpu {

CpuBackend::CpuBackend(calibrate::Communicator& communicator) : communicator_(communicator) {
  use_one_thread();
}

calibrate::Fingerprint CpuBackend::fingerprint() const {
  return cpu::fingerprint();
}

bool CpuBackend::supports(const cost::Op& op) const {
  return has_kernel(op);
}

void CpuBackend::compute(const cost::Op& op, calibrate::OperandValues& values) {
  if (!has_kernel(op)) throw BackendError("the CPU has no kernel for " + cost::class_name(op));
  cpu::compute(op, values);
}

std::unique_ptr<calibrate::TimedOp> CpuBackend::prepare(const calibrate::Composition& composition) {
  return timed_composition(composition);
}

std::unique_ptr<calibrate::TimedOp> CpuBackend::prepare(const cost::Op& op,
                                                        const cost::Conditions& conditions) {
  return timed_kernel(op, conditions.reuse_distance);
}

std::unique_ptr<calibrate::TimedOp> CpuBackend::prepare(const cost::CollectiveCase& collective) {
  if (collective.ranks > ranks() || collective.ranks < 1) {
    throw ScenarioError("",
                        fmt::format("a collective of {} ranks cannot be measured with {}: start more ranks",
                                    collective.ranks, ranks()));
  }
  return timed_collective(collective, communicator_.first_ranks(collective.ranks));
}

}  // namespace orrery::cpu
