// Utilisation over time: bins by hand, and nothing that a link carried is lost when they are merged.
#include "sim/net/link_timeline.hpp"

#include <catch2/catch.hpp>

#include "sim/base/rng.hpp"

using namespace orrery;
using namespace orrery::literals;
using net::LinkId;

namespace {

net::Topology star(int hosts) {
  net::Topology topology;
  const net::NodeId hub = topology.add_switch("switch");
  for (int i = 0; i < hosts; ++i) topology.connect(topology.add_host("host " + std::to_string(i)), hub, {1_GBps, 20_ns});
  return topology;
}

struct Ignore : net::FlowListener {
  void flow_ended(std::uint64_t) override {}
};

}  // namespace

// Full until 100 ns, half until 200, and four bins: they grow from 1 to 64 ns. Bin 1 is [64, 128): 36 ns full and 28 ns
// half, (36 + 14) / 64. The last bin ends at 200.
TEST_CASE("bins hold mean loads and widen until the run fits") {
  const net::Topology topology = star(2);
  net::LinkTimeline timeline(topology, 4);
  const LinkId link{0};
  timeline.load_changed(link, SimTime{0}, 1.0);
  timeline.load_changed(link, SimTime{100}, 0.5);
  timeline.close(SimTime{200});
  CHECK(timeline.bin_width() == SimTime{64}.seconds());
  CHECK(timeline.utilisation(link) == std::vector<double>{1.0, 50.0 / 64, 0.5, 0.5});
  CHECK(timeline.links() == std::vector<LinkId>{link});
  CHECK(timeline.utilisation(LinkId{1}) == std::vector<double>{0.0, 0.0, 0.0, 0.0});
}

TEST_CASE("a link that starts late was idle before") {
  const net::Topology topology = star(2);
  net::LinkTimeline timeline(topology, 2);
  timeline.load_changed(LinkId{3}, SimTime{48}, 1.0);
  timeline.close(SimTime{64});
  CHECK(timeline.utilisation(LinkId{3}) == std::vector<double>{0.0, 0.5});
}

TEST_CASE("the bins add up to the bytes that the link has carried") {
  const net::Topology topology = star(6);
  net::Router router(topology);
  kernel::Simulator simulator;
  net::LinkTimeline timeline(topology, 32);
  net::FlowNetwork network(simulator, router, &timeline);
  Ignore listener;
  RngStream random = stream(Seed{3}, "flows");
  std::int64_t start_ns = 0;
  for (int i = 0; i < 500; ++i) {
    start_ns += static_cast<std::int64_t>(random.exponential(3000.0));
    const auto from = random.below(6);
    const auto to = (from + 1 + random.below(5)) % 6;
    const Bytes size(random.exponential(10000.0));
    simulator.at(SimTime{start_ns}, [&, from, to, size] {
      network.start(topology.hosts()[from], topology.hosts()[to], size, listener, 0);
    });
  }
  simulator.run();
  timeline.close(simulator.now());
  const double end_ns = simulator.now().seconds().value() * 1e9;
  const double width_ns = timeline.bin_width().value() * 1e9;
  for (const LinkId link : timeline.links()) {
    const auto loads = timeline.utilisation(link);
    REQUIRE(loads.size() > 16);
    REQUIRE(loads.size() <= 32);
    double carried = 0.0;  // 1 GB/s is a byte per nanosecond
    for (std::size_t i = 0; i < loads.size(); ++i) {
      REQUIRE(loads[i] <= 1.0 + 1e-9);
      carried += loads[i] * std::min(width_ns, end_ns - width_ns * static_cast<double>(i));
    }
    // Each end is shifted by up to half a nanosecond.
    CHECK(carried == Approx(network.use(link).carried.value()).margin(0.5 * 500));
  }
  CHECK(timeline.links().size() == topology.links().size());
}

TEST_CASE("a trace gets one counter per link that carried something, and its return to idle") {
  const net::Topology topology = star(2);
  net::LinkTimeline timeline(topology, 4);
  timeline.load_changed(LinkId{0}, SimTime{0}, 0.25);
  timeline.close(SimTime{4});
  observe::Trace trace(true);
  timeline.sample(trace);
  REQUIRE(trace.counters().size() == 1);
  CHECK(trace.counters()[0].name == "host 0 -> switch");
  REQUIRE(trace.samples().size() == 2);
  CHECK(trace.samples()[0].value == 0.25);
  CHECK(trace.samples()[1].time == SimTime{4});
  CHECK(trace.samples()[1].value == 0.0);
}
