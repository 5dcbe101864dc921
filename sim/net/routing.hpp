// Which way a message takes: a shortest path (fewest links; among several, equal-cost multi-path by a hash of source,
// destination and position, so that the same pair always takes the same way). Routes are computed when they are first
// asked for and kept. A Router belongs to one thread.
#pragma once

#include <memory>
#include <span>

#include "sim/net/topology.hpp"

namespace orrery::net {

class Router {
 public:
  /// Keeps a reference to the topology, which must not change any more. Throws ScenarioError that names two hosts when
  /// some host cannot reach another one.
  explicit Router(const Topology& topology);
  ~Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;

  const Topology& topology() const;
  /// The links from `from` to `to` in order; empty when they are the same node. Valid as long as the router. REQUIRES:
  /// `to` can be reached. Hosts that do not forward are only ends of routes.
  std::span<const LinkId> route(NodeId from, NodeId to);

 private:
  struct Tables;
  std::unique_ptr<Tables> tables_;
};

/// Sum of the latencies of a route.
Seconds route_latency(const Topology& topology, std::span<const LinkId> route);
/// Smallest bandwidth of a route. REQUIRES: not empty.
BytesPerSec route_bandwidth(const Topology& topology, std::span<const LinkId> route);

}  // namespace orrery::net
