#include "scenarios/version.hpp"

namespace orrery::scenario {

std::string version() {
  return ORRERY_VERSION;
}

}  // namespace orrery::scenario
