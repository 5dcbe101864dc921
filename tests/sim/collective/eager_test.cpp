// Eager messages: they leave when their sender is there, and meet in the receiver's port what others send too early.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <string>

#include "sim/base/error.hpp"
#include "sim/collective/algorithm.hpp"
#include "sim/collective/executor.hpp"
#include "sim/collective/placement.hpp"

using namespace orrery;
using namespace orrery::literals;
using namespace orrery::collective;

namespace {

/// 1 GB/s a link, the second host's half of it; 1000 bytes take a microsecond.
net::Topology star(int hosts, bool second_is_slow = false) {
  net::Topology topology;
  const net::NodeId hub = topology.add_switch("switch");
  for (int i = 0; i < hosts; ++i) {
    const BytesPerSec rate = second_is_slow && i == 1 ? BytesPerSec(5e8) : BytesPerSec(1e9);
    topology.connect(topology.add_host("host " + std::to_string(i)), hub, {rate, Seconds(0.0)});
  }
  return topology;
}

Plan plan_of(int ranks, std::vector<Transfer> transfers) {
  Plan plan;
  plan.kind = CollectiveKind::point_to_point;
  plan.ranks = ranks;
  plan.layout = SlotLayout::even(1000, 1);
  plan.channels.emplace_back();
  plan.channels.back().transfers = std::move(transfers);
  finish(plan.channels.back());
  return plan;
}

/// Nanoseconds.
std::int64_t time(const Plan& plan, const net::Topology& topology, Protocol protocol, EndpointCosts costs = {}) {
  net::Router router(topology);
  costs.protocol = protocol;
  return std::llround(time_plan(plan, router, topology.hosts(), costs)->time.value() * 1e9);
}

}  // namespace

TEST_CASE("an eager sender goes on at once, so what a tree's root sends to its children shares its port") {
  // 0 -> 2, then 0 -> 1 and 2 -> 3. Rendezvous: 1 + 1 us. Eager: both of the root's go at half speed until 2 us, then
  // 2 -> 3 takes another.
  const Plan tree = plan_of(4, {{0, 0, 2}, {1, 0, 1}, {1, 2, 3}});
  CHECK(time(tree, star(4), Protocol::rendezvous) == 2000);
  CHECK(time(tree, star(4), Protocol::eager) == 3000);
}

TEST_CASE("eager messages to one receiver travel in order, and start-ups of those that wait are hidden") {
  // Rendezvous: 3 (alpha + 1 us). Eager: alpha + 3 us; in any other order or all at once the second participant could not
  // pass on the first one before the last is there.
  EndpointCosts costs;
  costs.alpha = 500_ns;
  const Plan train = plan_of(2, {{0, 0, 1}, {1, 0, 1}, {2, 0, 1}});
  CHECK(time(train, star(2), Protocol::rendezvous, costs) == 4500);
  CHECK(time(train, star(2), Protocol::eager, costs) == 3500);
  // The answer to the first one leaves at alpha + 1 us and is there as early as the third.
  const Plan answered = plan_of(3, {{0, 0, 1}, {1, 0, 1}, {1, 1, 2}, {2, 0, 1}});
  CHECK(time(answered, star(3), Protocol::eager, costs) == 3500);
}

TEST_CASE("partners that come too early slow down whoever has half the rate") {
  // Recursive doubling on 4 ranks, n = 1000 bytes, rank 1 at half the rate. Rendezvous: 2 + 2 us. Eager: rank 3 is through
  // with its first step at 1 us and sends to rank 1 while 0 -> 1 is half there; that one ends at 3 us instead of 2, and
  // only then 1 -> 3 leaves, which takes 2 us.
  const Plan doubling = Registered<Algorithm>("recursive_doubling")
                            ->plan(request_on(star(4), CollectiveKind::all_reduce, 4, 1000));
  CHECK(time(doubling, star(4, true), Protocol::rendezvous) == 4000);
  CHECK(time(doubling, star(4, true), Protocol::eager) == 5000);
}

TEST_CASE("eager or not, a ring on equal links takes the same time") {
  const Plan ring = Registered<Algorithm>("ring")->plan(request_on(star(5), CollectiveKind::all_reduce, 5, 5000));
  EndpointCosts costs;
  costs.alpha = 2_us;
  costs.gamma = SecondsPerByte(1e-10);
  CHECK(time(ring, star(5), Protocol::eager, costs) == time(ring, star(5), Protocol::rendezvous, costs));
  const net::Topology topology = star(5);
  net::Router router(topology);
  costs.protocol = Protocol::eager;
  CHECK_FALSE(time_plan(ring, router, topology.hosts(), costs, Fidelity::uncontended));
}
