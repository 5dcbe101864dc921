#include "sim/net/network_config.hpp"

#include <fmt/format.h>

#include "sim/base/error.hpp"
#include "sim/base/json_io.hpp"
#include "sim/base/spelling.hpp"

namespace orrery::net {
namespace {

constexpr std::size_t kNamesShown = 8;

/// "; from \"leaf 0\" links lead to spine 0, spine 1": the neighbours of a node that the name starts with, else the
/// nearest link, else a few links of this network.
std::string link_hint(const Topology& topology, const std::string& wanted) {
  const NodeId from = topology.find_node(wanted.substr(0, wanted.find(" -> ")));
  std::vector<std::string> all, of_node;
  for (std::size_t i = 0; i < topology.links().size(); ++i) {
    const LinkId id{static_cast<std::int32_t>(i)};
    all.push_back(topology.link_name(id));
    if (topology.link(id).from == from) of_node.push_back(all.back());
    if (all.size() == 4096) break;  // enough for a hint
  }
  if (const auto nearest = nearest_name(wanted, of_node.empty() ? all : of_node)) {
    return "; did you mean \"" + *nearest + "\"?";
  }
  std::vector<std::string>& shown = of_node.empty() ? all : of_node;
  const bool more = shown.size() > kNamesShown;
  if (more) shown.resize(kNamesShown);
  return fmt::format("; there are {}{}", fmt::join(shown, ", "), more ? ", ..." : "");
}

void apply(Topology& topology, const LinkFault& fault, std::size_t index) {
  const std::string place = fmt::format("faults[{}]", index);
  if (fault.failed == fault.bandwidth_factor.has_value()) {
    throw ScenarioError(place, "expected either \"failed\": true or a \"bandwidth_factor\" such as 0.5");
  }
  if (fault.bandwidth_factor && !(*fault.bandwidth_factor > 0.0)) {
    throw ScenarioError(place + ".bandwidth_factor", "must be more than 0; a dead link is \"failed\": true");
  }
  const LinkId link = topology.find_link(fault.link);
  if (!link.valid()) {
    throw ScenarioError(place + ".link", "no link \"" + fault.link + "\"" + link_hint(topology, fault.link));
  }
  const LinkId opposite = topology.link(link).opposite;
  for (const LinkId id : {link, opposite}) {
    if (id == opposite && fault.one_way) continue;
    if (fault.failed) {
      topology.fail(id);
    } else {
      topology.scale_bandwidth(id, *fault.bandwidth_factor);
    }
  }
}

}  // namespace

Topology build(const NetworkConfig& config) {
  NetworkConfig checked = config;
  read_json({"", "", write_json(config), {}}, checked);  // resize does not know the limits; the reader does
  Topology topology = checked.topology->build();
  for (std::size_t i = 0; i < config.faults.size(); ++i) apply(topology, config.faults[i], i);
  return topology;
}

void resize(NetworkConfig& config, int hosts) {
  if (hosts < 1) throw ScenarioError("ranks", fmt::format("{} is out of range; expected at least 1", hosts));
  check_host_count(hosts, "ranks");
  config.topology->resize(hosts);
}

}  // namespace orrery::net
