// What is wired to what: hosts (which hold ranks), switches, and directed links with bandwidth and latency. A cable is
// full duplex: two opposite links. A Topology is a plain value that builders (topology_builder.hpp) fill; routes are
// found by Router (routing.hpp), which alone sees Boost.Graph.
//
// Hosts are numbered in the order in which they are added, the first dimension of `dimensions()` running fastest: host
// i of a 4 x 2 torus stands at column i % 4, row i / 4; GPU i of a pod with 8 GPUs a node is GPU i % 8 of node i / 8.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/ids.hpp"
#include "sim/base/units.hpp"

namespace orrery::net {

using NodeId = Id<struct NodeTag>;
using LinkId = Id<struct LinkTag>;

/// Bandwidth and latency of one direction of a cable.
struct LinkSpec {
  BytesPerSec bandwidth{0.0};
  Seconds latency{0.0};
};

enum class NodeRole : std::uint8_t {
  host,             ///< holds a rank; traffic of others does not pass through it
  forwarding_host,  ///< holds a rank and passes traffic on, as in a ring or torus without switches
  switching,        ///< passes traffic on; may hold an in-network reducer
};

struct Node {
  std::string name;
  NodeRole role = NodeRole::host;
};

/// One direction. `opposite` is the other one.
struct Link {
  NodeId from, to;
  BytesPerSec bandwidth{0.0};
  Seconds latency{0.0};
  LinkId opposite;
};

class Topology {
 public:
  NodeId add_host(std::string name, NodeRole role = NodeRole::host);
  NodeId add_switch(std::string name);
  /// A full-duplex cable; returns the link from `a` to `b`, whose opposite is the next id. Several cables between the
  /// same nodes are several pairs of links. REQUIRES: bandwidth > 0, latency >= 0, a != b.
  LinkId connect(NodeId a, NodeId b, LinkSpec spec);

  /// Extents of the host grid, their product being the number of hosts: {64}, {4, 4}, {8 GPUs a node, 16 nodes}. Empty
  /// means one dimension. Hierarchical and torus collectives are planned along them.
  void set_dimensions(std::vector<int> dimensions);
  const std::vector<int>& dimensions() const { return dimensions_; }
  /// The switch that reduces and multicasts in the network (NVLink SHARP, SHARP) for all hosts; none by default.
  void set_reducer(NodeId node) { reducer_ = node; }
  NodeId reducer() const { return reducer_; }

  std::span<const Node> nodes() const { return nodes_; }
  std::span<const Link> links() const { return links_; }
  std::span<const NodeId> hosts() const { return hosts_; }
  const Node& node(NodeId id) const { return nodes_[id.index()]; }
  const Link& link(LinkId id) const { return links_[id.index()]; }
  /// "leaf 0 -> spine 1"; with " #2" behind it for the second parallel cable.
  std::string link_name(LinkId id) const;
  /// An invalid id when there is none of that name.
  NodeId find_node(std::string_view name) const;
  /// The link that `link_name` calls so; an invalid id when there is none.
  LinkId find_link(std::string_view name) const;

  /// A degraded cable or direction: bandwidth times `factor`. REQUIRES: 0 < factor.
  void scale_bandwidth(LinkId id, double factor);
  /// The link carries nothing any more; routes avoid it.
  void fail(LinkId id);
  bool failed(LinkId id) const { return failed_[id.index()]; }

 private:
  std::vector<Node> nodes_;
  std::vector<Link> links_;
  std::vector<bool> failed_;
  std::vector<NodeId> hosts_;
  std::vector<int> dimensions_;
  NodeId reducer_;
};

}  // namespace orrery::net
