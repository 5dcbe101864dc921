// Flows allocate nothing in steady state: every operator new of this binary is counted, and many thousand flows must
// come and go without one.
#include <catch2/catch.hpp>

#include "sim/base/rng.hpp"
#include "sim/net/flow_network.hpp"
#include "tests/counted_allocations.hpp"

namespace {

using namespace orrery;
using namespace orrery::literals;

/// A fixed number of flows between random hosts of a star; each that ends starts the next one.
class Crowd final : public net::FlowListener {
 public:
  Crowd(net::FlowNetwork& network, int flows) : network_(network), random_(stream(Seed{1}, "crowd")) {
    for (int i = 0; i < flows; ++i) start_one();
  }
  void flow_ended(std::uint64_t) override {
    ++ended_;
    start_one();
  }
  int ended() const { return ended_; }

 private:
  void start_one() {
    const auto hosts = network_.topology().hosts();
    const auto from = random_.below(hosts.size());
    const auto to = (from + 1 + random_.below(hosts.size() - 1)) % hosts.size();
    network_.start(hosts[from], hosts[to], Bytes(random_.exponential(1e4)), *this, 0);
  }

  net::FlowNetwork& network_;
  RngStream random_;
  int ended_ = 0;
};

}  // namespace

TEST_CASE("flows come and go without allocating") {
  net::Topology topology;
  const net::NodeId hub = topology.add_switch("switch");
  for (int i = 0; i < 6; ++i) topology.connect(topology.add_host("host " + std::to_string(i)), hub, {1_GBps, 50_ns});
  net::Router router(topology);
  kernel::Simulator simulator;
  net::FlowNetwork network(simulator, router);
  const Crowd crowd(network, 12);
  // Until every pair of hosts has its route, every list its longest and the kernel's queue its chunks.
  simulator.run_until(SimTime{} + 300_ms);
  const int ended = crowd.ended();
  const std::size_t before = allocations;
  simulator.run_until(simulator.now() + 100_ms);
  CHECK(allocations == before);
  CHECK(crowd.ended() - ended > 20000);
}
