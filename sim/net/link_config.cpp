#include "sim/net/link_config.hpp"

#include "sim/base/error.hpp"
#include "sim/base/spelling.hpp"

namespace orrery::net {

const std::vector<LinkPreset>& link_presets() {
  using namespace literals;
  static const std::vector<LinkPreset> table{
      {"classroom_10gige", {1.25_GBps, 4_us}, "course table: 10 Gbit/s, 4 us"},
      {"classroom_40gige", {5_GBps, 4_us}, "course table: 40 Gbit/s, 4 us"},
      {"classroom_ib_edr", {12.5_GBps, 1_us}, "course table: 100 Gbit/s, 1 us"},
      {"classroom_nvlink", {50_GBps, 0.2_us}, "course table: more than 400 Gbit/s, 0.1 to 0.2 us"},
  };
  return table;
}

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
  return spec;
}

}  // namespace orrery::net
