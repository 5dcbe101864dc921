#include "sim/net/link_config.hpp"

#include "sim/base/error.hpp"
#include "sim/base/spelling.hpp"

namespace orrery::net {

LinkSpec resolve(const LinkConfig& config) {
  using namespace literals;
  LinkSpec spec{50_GBps, 1_us};
  if (config.preset) {
    std::vector<std::string> names;
    bool found = false;
    for (const LinkPreset& preset : link_presets()) {
      names.push_back(preset.name);
      if (preset.name == *config.preset) spec = preset.spec, found = true;
    }
    if (!found) {
      throw ScenarioError("preset", "unknown link \"" + *config.preset + "\"" + spelling_hint(*config.preset, names));
    }
  }
  if (config.bandwidth) spec.bandwidth = *config.bandwidth;
  if (config.latency) spec.latency = *config.latency;
  if (!(spec.bandwidth.value() > 0.0)) throw ScenarioError("bandwidth", "must be more than 0");
  if (!(spec.latency.value() >= 0.0)) throw ScenarioError("latency", "must be at least 0");
  return spec;
}

}  // namespace orrery::net
