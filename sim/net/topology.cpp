#include "sim/net/topology.hpp"

#include <utility>

#include "sim/base/error.hpp"

namespace orrery::net {

NodeId Topology::add_host(std::string name, NodeRole role) {
  SIM_ASSERT(role != NodeRole::switching, "a switch is added by add_switch");
  const NodeId id{static_cast<std::int32_t>(nodes_.size())};
  nodes_.push_back({std::move(name), role});
  hosts_.push_back(id);
  return id;
}

NodeId Topology::add_switch(std::string name) {
  const NodeId id{static_cast<std::int32_t>(nodes_.size())};
  nodes_.push_back({std::move(name), NodeRole::switching});
  return id;
}

LinkId Topology::connect(NodeId a, NodeId b, LinkSpec spec) {
  SIM_ASSERT(a != b && a.index() < nodes_.size() && b.index() < nodes_.size(), "a cable joins two nodes");
  SIM_ASSERT(spec.bandwidth.value() > 0.0 && spec.latency.value() >= 0.0, "a cable has a bandwidth");
  const LinkId there{static_cast<std::int32_t>(links_.size())};
  const LinkId back{there.value + 1};
  links_.push_back({a, b, spec.bandwidth, spec.latency, back});
  links_.push_back({b, a, spec.bandwidth, spec.latency, there});
  failed_.resize(links_.size(), false);
  return there;
}

void Topology::set_dimensions(std::vector<int> dimensions) {
  std::int64_t product = 1;
  for (const int extent : dimensions) product *= extent;
  SIM_ASSERT(product == static_cast<std::int64_t>(hosts_.size()), "dimensions multiply to the number of hosts");
  dimensions_ = std::move(dimensions);
}

std::string Topology::link_name(LinkId id) const {
  const Link& wanted = link(id);
  int number = 1;
  for (std::size_t i = 0; i < id.index(); ++i) {
    if (links_[i].from == wanted.from && links_[i].to == wanted.to) ++number;
  }
  const std::string name = node(wanted.from).name + " -> " + node(wanted.to).name;
  return number == 1 ? name : name + " #" + std::to_string(number);
}

NodeId Topology::find_node(std::string_view name) const {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].name == name) return NodeId{static_cast<std::int32_t>(i)};
  }
  return NodeId{};
}

LinkId Topology::find_link(std::string_view name) const {
  constexpr std::string_view arrow = " -> ";
  const auto starts_with = [&name](std::string_view head) { return name.substr(0, head.size()) == head; };
  for (std::size_t i = 0; i < links_.size(); ++i) {
    const std::string& from = node(links_[i].from).name;
    const std::string& to = node(links_[i].to).name;
    const bool between = starts_with(from) && name.substr(from.size(), arrow.size()) == arrow &&
                         name.substr(from.size() + arrow.size(), to.size()) == to;
    const LinkId id{static_cast<std::int32_t>(i)};
    if (between && link_name(id) == name) return id;
  }
  return LinkId{};
}

void Topology::scale_bandwidth(LinkId id, double factor) {
  SIM_ASSERT(factor > 0.0, "a link that carries nothing has failed");
  links_[id.index()].bandwidth *= factor;
}

void Topology::fail(LinkId id) {
  failed_[id.index()] = true;
}

}  // namespace orrery::net
