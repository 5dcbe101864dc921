#include "sim/net/topology_builder.hpp"

namespace orrery::net {

Registry<TopologyBuilder>& TopologyBuilder::registry() {
  static Registry<TopologyBuilder> builders("topology", "topologies");
  return builders;
}

}  // namespace orrery::net
