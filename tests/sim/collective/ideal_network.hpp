// The network of the closed forms: one switch without latency, one port in and one out for each host, costs at the
// ends. With n bytes a message takes alpha + n beta alone, and adding them up n gamma.
#pragma once

#include <optional>
#include <string>

#include "sim/collective/executor.hpp"
#include "sim/collective/algorithm.hpp"
#include "sim/collective/placement.hpp"

namespace orrery::collective {

inline constexpr Hockney kHockney{Seconds(5e-6), SecondsPerByte(2e-11), SecondsPerByte(2.5e-12)};

class IdealNetwork {
 public:
  explicit IdealNetwork(int hosts, SecondsPerByte beta = kHockney.beta)
      : topology_(star(hosts, beta)), router_(topology_) {}
  IdealNetwork(const IdealNetwork&) = delete;
  IdealNetwork& operator=(const IdealNetwork&) = delete;

  std::optional<PlanTiming> time(const Plan& plan, const Hockney& h, Bytes element, Fidelity fidelity) {
    return time_plan(plan, router_, place(plan, topology_), {h.alpha, h.gamma, element}, fidelity);
  }
  const net::Topology& topology() const { return topology_; }

 private:
  static net::Topology star(int hosts, SecondsPerByte beta) {
    net::Topology topology;
    const net::NodeId hub = topology.add_switch("switch");
    for (int i = 0; i < hosts; ++i) {
      topology.connect(topology.add_host("host " + std::to_string(i)), hub,
                       {BytesPerSec(1.0 / beta.value()), Seconds(0.0)});
    }
    topology.set_reducer(hub);
    return topology;
  }

  net::Topology topology_;
  net::Router router_;
};

}  // namespace orrery::collective
