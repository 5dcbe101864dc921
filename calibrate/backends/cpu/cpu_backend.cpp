#include "calibrate/backends/cpu/cpu_backend.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "calibrate/backends/cpu/fingerprint.hpp"
#include "calibrate/backends/cpu/kernels.hpp"
#include "sim/base/error.hpp"

namespace orrery::cpu {

CpuBackend::CpuBackend(calibrate::Communicator& communicator) : communicator_(communicator) {
  use_one_thread();
}

calibrate::Fingerprint CpuBackend::fingerprint() const {
  return cpu::fingerprint();
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

Seconds clock_overhead() {
  static const Seconds overhead = [] {
    std::vector<double> gaps(1001);
    for (double& gap : gaps) {
      const auto start = std::chrono::steady_clock::now();
      gap = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    }
    std::nth_element(gaps.begin(), gaps.begin() + 500, gaps.end());
    return Seconds(gaps[500]);
  }();
  return overhead;
}

}  // namespace orrery::cpu
