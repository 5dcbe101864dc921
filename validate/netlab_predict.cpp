#include "validate/netlab_predict.hpp"

#include <fmt/format.h>

#include "sim/collective/executor.hpp"
#include "sim/net/routing.hpp"
#include "sim/net/topology.hpp"
#include "validate/plan_shape.hpp"

namespace orrery::validate {
namespace {

constexpr Bytes kElement{sizeof(float)};

/// Bandwidth as data sees it: the shaper's rate over what comes on top of each byte.
net::Topology topology_of(const NetlabCase& what, const NetlabNetwork& network, double bytes_per_byte) {
  net::Topology topology;
  const net::NodeId hub = topology.add_switch("switch");
  for (int i = 0; i < network.hosts; ++i) {
    const bool is_slow = what.slow_link && i == network.slow_host;
    const BytesPerSec rate = is_slow ? network.slow_rate : network.rate;
    topology.connect(topology.add_host(fmt::format("host {}", i)), hub, {rate / bytes_per_byte, Seconds(0.0)});
  }
  return topology;
}

}  // namespace

Seconds predict_netlab(const NetlabCase& what, const NetlabNetwork& network, const NetlabFit& fit) {
  const collective::Plan plan = netlab_plan(what);
  const PlanShape shape = shape_of(plan, kElement);
  const double bytes_per_byte =
      fit.headers + shape.duplex * fit.acknowledgements + (shape.links_at_once - 1) * fit.sharing;
  const net::Topology topology = topology_of(what, network, bytes_per_byte);
  net::Router router(topology);
  collective::EndpointCosts costs;
  costs.alpha = fit.alpha + shape.crossing * fit.crossing;
  costs.gamma = fit.gamma;
  costs.element = kElement;
  costs.protocol = collective::Protocol::eager;
  const auto nodes = topology.hosts().first(static_cast<std::size_t>(plan.participants()));
  return shape.participants * fit.start + collective::time_plan(plan, router, nodes, costs).value().time;
}

NetlabPredictions predict_netlab_cases(const std::vector<NetlabCase>& cases, const NetlabNetwork& network,
                                       const NetlabFit& fit) {
  NetlabPredictions result{network, fit, {}};
  for (const NetlabCase& what : cases) {
    if (what.pattern == NetlabPattern::library) continue;
    result.predictions.push_back({what, predict_netlab(what, network, fit).value()});
  }
  return result;
}

}  // namespace orrery::validate
