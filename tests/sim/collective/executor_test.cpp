// Plans in simulated time on networks that share links: never faster than the wires allow, every byte carried once,
// ranks that come late, runs that are cancelled, other traffic beside them.
#include "sim/collective/executor.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "sim/base/error.hpp"
#include "sim/collective/algorithm.hpp"
#include "sim/collective/placement.hpp"
#include "sim/kernel/when.hpp"
#include "sim/net/topology_builder.hpp"
#include "tests/sim/collective/ideal_network.hpp"
#include "tests/sim/collective/option_sets.hpp"
#include "tests/sim/collective/requests.hpp"

using namespace orrery;
using namespace orrery::literals;
using namespace orrery::collective;

namespace {

/// A topology of each registered kind with that many hosts or more; without those that describe one machine only or a
/// graph of the user's own.
std::vector<std::pair<std::string, net::Topology>> topologies(int hosts) {
  std::vector<std::pair<std::string, net::Topology>> result;
  for (const NameAndHelp& entry : net::TopologyBuilder::registry().names()) {
    try {
      Registered<net::TopologyBuilder> builder(entry.name);
      builder->resize(hosts);
      result.emplace_back(entry.name, builder->build());
    } catch (const ScenarioError&) {
      continue;
    }
  }
  return result;
}

/// Sum of the bandwidths into (or out of) a node.
double port(const net::Topology& topology, net::NodeId node, net::NodeId net::Link::*end) {
  double sum = 0.0;
  for (const net::Link& link : topology.links()) {
    if (link.*end == node) sum += link.bandwidth.value();
  }
  return sum;
}

/// What a participant sends and receives, through all its cables at full speed.
double bandwidth_bound(const Plan& plan, const net::Topology& topology, std::span<const net::NodeId> nodes,
                       double element) {
  double bound = 0.0;
  for (int p = 0; p < plan.participants(); ++p) {
    const net::NodeId node = nodes[static_cast<std::size_t>(p)];
    const auto sent = static_cast<double>(elements_sent(plan, p)),
               received = static_cast<double>(elements_received(plan, p));
    bound = std::max(bound, sent * element / port(topology, node, &net::Link::from));
    bound = std::max(bound, received * element / port(topology, node, &net::Link::to));
  }
  return bound;
}

/// Bytes times links, as the routes say.
double link_bytes(const Plan& plan, net::Router& router, std::span<const net::NodeId> nodes, double element) {
  double sum = 0.0;
  for (const Channel& channel : plan.channels) {
    for (const Transfer& t : channel.transfers) {
      const auto route = router.route(nodes[static_cast<std::size_t>(t.from)], nodes[static_cast<std::size_t>(t.to)]);
      sum += static_cast<double>(route.size()) * element *
             static_cast<double>(plan.layout.elements(t.from, t.source, t.slots));
    }
  }
  return sum;
}

}  // namespace

TEST_CASE("on every registered topology no collective beats its ports, bytes are kept, and both fidelities agree") {
  constexpr double kElement = 65536.0;
  for (const auto& [kind_of_network, topology] : topologies(8)) {
    const int ranks = std::min(8, static_cast<int>(topology.hosts().size()));
    net::Router router(topology);
    for (const CollectiveKind kind : all_kinds()) {
      const PlanRequest request = request_on(topology, kind, ranks, kind == CollectiveKind::barrier ? 0 : 240 * ranks);
      for (const Registered<Algorithm>& algorithm : eligible(request)) {
        const Plan plan = algorithm->plan(request);
        if (static_cast<std::size_t>(plan.participants()) > topology.hosts().size() &&
            plan.helper_role == HelperRole::server)
          continue;
        INFO(algorithm.name() << " " << text_of(request) << " on " << kind_of_network);
        const std::vector<net::NodeId> nodes = place(plan, topology);
        const EndpointCosts costs{Seconds(2e-6), SecondsPerByte(1e-12), Bytes(kElement)};
        const auto events = time_plan(plan, router, nodes, costs, Fidelity::events);
        const auto walked = time_plan(plan, router, nodes, costs, Fidelity::uncontended);
        const auto automatic = time_plan(plan, router, nodes, costs);
        CHECK(automatic->time == events->time);
        if (walked) CHECK(walked->rank_time == events->rank_time);
        CHECK(events->time.value() >= bandwidth_bound(plan, topology, nodes, kElement) * (1 - 1e-12) - 1e-9);
        double carried = 0.0;
        for (const LinkLoad& load : events->links) {
          carried += load.carried.value();
          CHECK(load.utilisation <= 1.0 + 1e-9);
        }
        CHECK(carried == Approx(link_bytes(plan, router, nodes, kElement)).epsilon(1e-12));
        // The same again, to the last bit.
        const auto again = time_plan(plan, router, nodes, costs, Fidelity::events);
        CHECK(again->rank_time == events->rank_time);
        CHECK(again->messages == events->messages);
      }
    }
  }
}

// Channel 0: 0 -> 1, then 1 -> 2. Channel 1: 2 -> 0, which 2 could begin at once; 0 begins it when its own part of channel
// 0 is done. All messages are alone on their ports and take t.
TEST_CASE("a channel that begins after steps of another one waits for them at each rank by itself") {
  const IdealNetwork ideal(3);
  net::Router router(ideal.topology());
  Plan plan;
  plan.kind = CollectiveKind::neighbor_average;
  plan.ranks = 3;
  plan.layout = SlotLayout::even(2000, 2);
  plan.channels.resize(2);
  plan.channels[0].transfers = {{0, 0, 1}, {1, 1, 2}};
  plan.channels[1].transfers = {{0, 2, 0, 1, 1}};
  for (Channel& channel : plan.channels) finish(channel);
  const Seconds t = kHockney.alpha + Bytes(1000) * kHockney.beta;
  for (const bool waits : {false, true}) {
    if (waits) {
      plan.channels[1].after = 0;
      plan.channels[1].after_step = 1;
    }
    const auto nodes = place(plan, ideal.topology());
    const EndpointCosts costs{kHockney.alpha, {}, Bytes(1)};
    const auto events = time_plan(plan, router, nodes, costs, Fidelity::events);
    const auto walked = time_plan(plan, router, nodes, costs, Fidelity::uncontended);
    REQUIRE(walked);
    CHECK(walked->rank_time == events->rank_time);
    CHECK(events->rank_time == std::vector<Seconds>{waits ? 2.0 * t : t, 2.0 * t, 2.0 * t});
  }
}

TEST_CASE("two directions of a cable make a ring of two channels twice as fast") {
  net::Topology ring;
  for (int i = 0; i < 4; ++i) ring.add_host("host " + std::to_string(i), net::NodeRole::forwarding_host);
  for (std::size_t i = 0; i < 4; ++i) ring.connect(ring.hosts()[i], ring.hosts()[(i + 1) % 4], {1_GBps, 0_s});
  net::Router router(ring);
  const PlanRequest request = request_on(ring, CollectiveKind::all_reduce, 4, 8000);
  const Registered<Algorithm> one("ring");
  Plan plan = one->plan(request);
  const auto once = time_plan(plan, router, place(plan, ring), {0_s, {}, Bytes(1000)});
  Registered<Algorithm> two("ring");
  option_sets::Set two_channels("channels", 2, "");
  two->visit(two_channels);
  plan = two->plan(request);
  const auto both = time_plan(plan, router, place(plan, ring), {0_s, {}, Bytes(1000)});
  CHECK(both->fidelity == Fidelity::uncontended);
  CHECK(once->time == 12_ms);
  CHECK(both->time == 6_ms);
}

namespace {

kernel::Process<> late_rank(kernel::Simulator& simulator, PlanRun& run, int rank, Seconds start,
                            std::vector<SimTime>& ends) {
  co_await simulator.delay(start);
  co_await run.join(rank);
  ends[static_cast<std::size_t>(rank)] = simulator.now();
}

/// Gives up after `patience`: its part in the collective is destroyed.
kernel::Process<> impatient_rank(kernel::Simulator& simulator, PlanRun& run, int rank, Seconds patience) {
  co_await kernel::when_any(run.join(rank), kernel::sleep(simulator, patience));
}

}  // namespace

TEST_CASE("a collective begins for each rank when it joins; the late one holds up the others") {
  const IdealNetwork ideal(4);
  net::Router router(ideal.topology());
  const Plan plan =
      Registered<Algorithm>("ring")->plan(request_on(ideal.topology(), CollectiveKind::all_reduce, 4, 4 << 20));
  const EndpointCosts costs{Seconds(5e-6), {}, Bytes(1)};
  const auto nodes = place(plan, ideal.topology());
  const Seconds alone = time_plan(plan, router, nodes, costs)->time;
  kernel::Simulator simulator;
  net::FlowNetwork network(simulator, router);
  PlanRun run(network, plan, nodes, costs);
  std::vector<SimTime> ends(4);
  for (int rank = 0; rank < 4; ++rank)
    simulator.spawn(late_rank(simulator, run, rank, rank == 2 ? 1_ms : 0_s, ends), "rank");
  simulator.run();
  // Nobody can end before the late one's addend has gone around.
  for (const SimTime end : ends) CHECK(end > SimTime{1'000'000});
  CHECK(*std::max_element(ends.begin(), ends.end()) == SimTime{1'000'000} + alone);
}

TEST_CASE("two collectives at the same time on the same hosts take twice as long") {
  const IdealNetwork ideal(4);
  net::Router router(ideal.topology());
  const Plan plan =
      Registered<Algorithm>("ring")->plan(request_on(ideal.topology(), CollectiveKind::all_reduce, 4, 4 << 20));
  const EndpointCosts costs{Seconds(0), {}, Bytes(1)};
  const auto nodes = place(plan, ideal.topology());
  const Seconds alone = time_plan(plan, router, nodes, costs)->time;
  kernel::Simulator simulator;
  net::FlowNetwork network(simulator, router);
  PlanRun first(network, plan, nodes, costs), second(network, plan, nodes, costs);
  std::vector<SimTime> ends(4), other(4);
  for (int rank = 0; rank < 4; ++rank) {
    simulator.spawn(late_rank(simulator, first, rank, 0_s, ends), "rank");
    simulator.spawn(late_rank(simulator, second, rank, 0_s, other), "rank of the other");
  }
  simulator.run();
  CHECK(std::abs(ends[0].seconds() / alone - 2.0) < 1e-5);
  CHECK(std::abs(other[3].seconds() / alone - 2.0) < 1e-5);
}

TEST_CASE("a rank's process that is destroyed takes the whole collective off the network") {
  const IdealNetwork ideal(4);
  net::Router router(ideal.topology());
  const Plan plan =
      Registered<Algorithm>("ring")->plan(request_on(ideal.topology(), CollectiveKind::all_reduce, 4, 4 << 20));
  const auto nodes = place(plan, ideal.topology());
  kernel::Simulator simulator;
  net::FlowNetwork network(simulator, router);
  PlanRun run(network, plan, nodes, {Seconds(0), {}, Bytes(1)});
  std::vector<SimTime> ends(4);
  simulator.spawn(impatient_rank(simulator, run, 0, 20_us), "impatient rank");
  for (int rank = 1; rank < 4; ++rank) simulator.spawn(late_rank(simulator, run, rank, 0_s, ends), "rank");
  simulator.run_until(SimTime{19'999});
  CHECK(network.active_flows() == 4);
  simulator.run_until(SimTime{20'000});
  CHECK(network.active_flows() == 0);
  CHECK_THROWS_AS(simulator.run(), kernel::DeadlockError);
}

TEST_CASE("more participants than hosts, and a reducer that is not there, are said clearly") {
  Registered<net::TopologyBuilder> builder("single_switch");
  builder->resize(4);
  const net::Topology topology = builder->build();
  CHECK_THROWS_WITH(request_on(topology, CollectiveKind::all_reduce, 5, 1),
                    Catch::Contains("5 ranks need 5 hosts, and the network has 4"));
  PlanRequest request = request_on(topology, CollectiveKind::all_reduce, 4, 1);
  CHECK_THROWS_WITH(place(Registered<Algorithm>("parameter_server")->plan(request), topology),
                    Catch::Contains("4 ranks and 1 server need 5 hosts"));
  CHECK(Registered<Algorithm>("in_network")->refusal(request) == "needs a switch that reduces in the network");
}
