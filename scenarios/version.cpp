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
    return text_hash(read_file("/proc/self/exe"));
  } catch (const ScenarioError& error) {
    throw BackendError(error.what());
  }
}

}  // namespace orrery::scenario
