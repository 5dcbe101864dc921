#include "calibrate/backends/cpu/plain/plain_backend.hpp"

#include <fmt/core.h>

#include <fstream>

#include "calibrate/backends/cpu/kernels/compute.hpp"
#include "calibrate/backends/cpu/kernels/kernels.hpp"
#include "calibrate/backends/cpu/kernels/timed_kernel.hpp"
#include "sim/base/error.hpp"

namespace orrery::cpu {
namespace {

class NothingToDo : public calibrate::TimedOp {
 public:
  Seconds run() override { return Seconds(1e-9); }
};

/// The value of the first "key : value" line of /proc/cpuinfo.
std::string cpu_fact(const std::string& key) {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with(key) && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

}  // namespace

calibrate::Fingerprint PlainBackend::fingerprint() const {
  return {{"device", cpu_fact("model name")}, {"algorithm", "plain loops"}};
}

bool PlainBackend::supports(const cost::Op& op) const {
  return has_kernel(op);
}

void PlainBackend::compute(const cost::Op& op, calibrate::OperandValues& values) {
  if (!has_kernel(op)) throw BackendError("the CPU has no kernel for " + cost::class_name(op));
  cpu::compute(op, values);
}

std::unique_ptr<calibrate::TimedOp> PlainBackend::prepare(const cost::Op& op,
                                                          const cost::Conditions& conditions) {
  return timed_kernel(op, conditions.reuse_distance);
}

std::unique_ptr<calibrate::TimedOp> PlainBackend::prepare(const calibrate::Composition& composition) {
  return timed_composition(composition);
}

std::unique_ptr<calibrate::TimedOp> PlainBackend::prepare(const cost::CollectiveCase& collective) {
  if (collective.ranks != 1) {
    throw ScenarioError(
        "", fmt::format("a collective of {} ranks cannot be measured with one rank", collective.ranks));
  }
  return std::make_unique<NothingToDo>();
}

}  // namespace orrery::cpu
