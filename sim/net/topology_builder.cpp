#include "sim/net/topology_builder.hpp"

#include "sim/base/error.hpp"

namespace orrery::net {

Registry<TopologyBuilder>& TopologyBuilder::registry() {
  static Registry<TopologyBuilder> builders("topology", "topologies");
  return builders;
}

void check_host_count(std::int64_t hosts, const std::string& field) {
  constexpr std::int64_t most = 65536;
  if (hosts <= most) return;
  throw ScenarioError(field, std::to_string(hosts) + " hosts are too many; expected at most " + std::to_string(most));
}

}  // namespace orrery::net
