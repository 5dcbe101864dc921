#include "scenarios/version.hpp"

#include "scenarios/artifact.hpp"
#include "scenarios/scenario.hpp"
#include "sim/base/error.hpp"

namespace orrery::scenario {

std::string version() {
  return ORRERY_VERSION;
}

std::string program_hash() {
  try {
    static const std::string hash = text_hash(read_file("/proc/self/exe"));  // a running program stays the same
    return hash;
  } catch (const ScenarioError& error) {
    throw BackendError(error.what());
  }
}

}  // namespace orrery::scenario
