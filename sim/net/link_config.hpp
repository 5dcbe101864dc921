// A cable as a scenario gives it: a preset of the link table by name, or bandwidth and latency, or a preset with one of
// them replaced.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/base/fields.hpp"
#include "sim/base/registry.hpp"
#include "sim/net/topology.hpp"

namespace orrery::net {

struct LinkConfig {
  std::optional<std::string> preset;
  std::optional<BytesPerSec> bandwidth;
  std::optional<Seconds> latency;
};
template <class V>
void fields(V& v, LinkConfig& c) {
  v("preset", c.preset, "a row of the link table (orrery list links), for example \"classroom_ib_edr\"");
  v("bandwidth", c.bandwidth, "of one direction; replaces the preset's", more_than(0));
  v("latency", c.latency, "of one direction; replaces the preset's", at_least(0));
}

/// One row of the link table. Bandwidth: payload of one direction, before packet headers. Latency: of one cable with its
/// share of the ports at both ends, without software; what the stack adds is fitted (sim/collective).
struct LinkPreset {
  std::string name;
  LinkSpec spec;
  std::string source;  ///< a named document; a latency that none states is "typical" or "assumed"
};
const std::vector<LinkPreset>& link_presets();

/// Without a preset and a bandwidth: 50 GB/s; without a preset and a latency: 1 us. Throws ScenarioError with the nearest
/// name when the preset is unknown.
LinkSpec resolve(const LinkConfig& config);

}  // namespace orrery::net
