// Flows in simulated time. Hand cases: capacities are 1 byte per nanosecond (1 GB/s) unless said otherwise, so that
// bytes and nanoseconds are the same numbers.
#include "sim/net/flow_network.hpp"

#include <catch2/catch.hpp>
#include <map>

#include "sim/base/rng.hpp"
#include "sim/kernel/when.hpp"
#include "sim/net/max_min.hpp"

using namespace orrery;
using namespace orrery::literals;
using kernel::Process;
using net::NodeId;

namespace {

/// Hosts on one switch, each cable with half of the latency.
net::Topology star(int hosts, BytesPerSec bandwidth = 1_GBps, Seconds latency = 0_ns) {
  net::Topology topology;
  const NodeId hub = topology.add_switch("switch");
  for (int i = 0; i < hosts; ++i) {
    topology.connect(topology.add_host("host " + std::to_string(i)), hub, {bandwidth, latency / 2.0});
  }
  return topology;
}

/// Nodes 0 .. n-1 in a row.
net::Topology row(int nodes) {
  net::Topology topology;
  for (int i = 0; i < nodes; ++i) topology.add_host("node " + std::to_string(i), net::NodeRole::forwarding_host);
  for (int i = 0; i + 1 < nodes; ++i) topology.connect(topology.hosts()[i], topology.hosts()[i + 1], {1_GBps, 0_ns});
  return topology;
}

struct Ends : net::FlowListener {
  explicit Ends(kernel::Simulator& s) : simulator(s) {}
  void flow_ended(std::uint64_t token) override {
    ns[token] = simulator.now().ns;
    order.push_back(token);
  }
  kernel::Simulator& simulator;
  std::map<std::uint64_t, std::int64_t> ns;
  std::vector<std::uint64_t> order;
};

struct Machine {
  explicit Machine(net::Topology t, net::LinkObserver* observer = nullptr)
      : topology(std::move(t)), router(topology), network(simulator, router, observer), ends(simulator) {}

  net::FlowId start(int from, int to, Bytes size, std::uint64_t token, double weight = 1.0) {
    return network.start(topology.hosts()[static_cast<std::size_t>(from)], topology.hosts()[static_cast<std::size_t>(to)],
                         size, ends, token, weight);
  }
  /// The link from a host to the switch of a star; the one back has the next id.
  net::LinkId up(int host) const { return net::LinkId{2 * host}; }
  net::LinkId down(int host) const { return net::LinkId{2 * host + 1}; }

  net::Topology topology;
  net::Router router;
  kernel::Simulator simulator;
  net::FlowNetwork network;
  Ends ends;
};

using Times = std::map<std::uint64_t, std::int64_t>;

}  // namespace

TEST_CASE("a flow alone takes latency plus size over the smallest bandwidth, however many links it crosses") {
  Machine m(star(2, 1_GBps, 500_ns));
  m.start(0, 1, 1000_B, 0);
  m.simulator.run();
  CHECK(m.ends.ns == Times{{0, 1500}});
  CHECK(net::lone_flow_end({}, 500_ns, 1000_B, 1_GBps) == net::ExactTime{SimTime{1500}, 0});
}

// Two flows of 1000 and 400 bytes share a link at 1/2: the short one ends at 800. The long one has 600 bytes left and
// goes on alone: 1400.
TEST_CASE("two flows share a link; when one ends the other speeds up") {
  Machine m(star(3));
  m.start(0, 1, 1000_B, 0);
  m.start(0, 2, 400_B, 1);
  m.simulator.run();
  CHECK(m.ends.ns == Times{{0, 1400}, {1, 800}});
}

// The second flow joins at 300, when the first has 700 bytes left. They share at 1/2 until the second one's 200 bytes
// are through at 700; then 500 bytes of the first are left: 1200.
TEST_CASE("a flow that starts later slows the first one from then on") {
  Machine m(star(3));
  m.start(0, 1, 1000_B, 0);
  m.simulator.at(SimTime{300}, [&] { m.start(0, 2, 200_B, 1); });
  m.simulator.run();
  CHECK(m.ends.ns == Times{{0, 1200}, {1, 700}});
}

// Latency 100: the flow occupies nothing before 100, so the other one, started in another place of the latency, has the
// link alone until then. Flow 0 shares from 100 on; flow 1 starts at 50 and shares from 150 on. Flow 0 has moved 50 bytes
// by then; both share until flow 1's 100 bytes are through at 350 and flow 0 has 150 of 300: it ends at 500.
TEST_CASE("during its latency a flow occupies nothing") {
  Machine m(star(3, 1_GBps, 100_ns));
  m.start(0, 1, 300_B, 0);
  m.simulator.at(SimTime{50}, [&] { m.start(0, 2, 100_B, 1); });
  m.simulator.run();
  CHECK(m.ends.ns == Times{{0, 500}, {1, 350}});
}

// Parking lot over three links. The long flow and a local one share each link at 1/2. The locals have 100, 200 and 300
// bytes: they end at 200, 400 and 600, each alone with the long one, which stays at 1/2 until 600 because of the last
// local, and then does its other 700 of 1000 bytes alone: 1300.
TEST_CASE("parking lot: the long flow is held down by the link that is still shared") {
  Machine m(row(4));
  m.start(0, 3, 1000_B, 0);
  m.start(0, 1, 100_B, 1);
  m.start(1, 2, 200_B, 2);
  m.start(2, 3, 300_B, 3);
  m.simulator.run();
  CHECK(m.ends.ns == Times{{0, 1300}, {1, 200}, {2, 400}, {3, 600}});
}

// Weights 1 and 3 on one link: 1/4 and 3/4. The heavy flow's 300 bytes take 400; the light one has moved 100 of its 200.
TEST_CASE("weighted flows share in proportion to their weights") {
  Machine m(star(3));
  m.start(0, 1, 200_B, 0, 1.0);
  m.start(0, 2, 300_B, 1, 3.0);
  m.simulator.run();
  CHECK(m.ends.ns == Times{{0, 500}, {1, 400}});
}

// Incast of 4 x 250 bytes into one host: all end at 1000, and are told in the order in which they were started.
TEST_CASE("flows that end at the same moment are told in the order of their start") {
  Machine m(star(5));
  for (const std::uint64_t i : {3u, 1u, 4u, 2u}) m.start(static_cast<int>(i), 0, 250_B, i);
  m.simulator.run();
  CHECK(m.ends.ns == Times{{1, 1000}, {2, 1000}, {3, 1000}, {4, 1000}});
  CHECK(m.ends.order == std::vector<std::uint64_t>{3, 1, 4, 2});
}

// The cancelled flow shares until 400, when 200 of its bytes are through; the other has 800 left and goes on alone.
TEST_CASE("a cancelled flow frees its share at once, is never told, and its bytes count as far as they came") {
  Machine m(star(3));
  m.start(0, 1, 1000_B, 0);
  const net::FlowId gone = m.start(0, 2, 1000_B, 1);
  m.simulator.at(SimTime{400}, [&] {
    CHECK(m.network.cancel(gone));
    CHECK_FALSE(m.network.cancel(gone));
  });
  m.simulator.run();
  CHECK(m.ends.ns == Times{{0, 1200}});
  CHECK(m.network.use(m.down(2)).carried == 200_B);
  CHECK(m.network.use(m.up(0)).carried == 1200_B);
  CHECK(m.network.active_flows() == 0);
}

TEST_CASE("a flow cancelled during its latency never occupies a link") {
  Machine m(star(3, 1_GBps, 100_ns));
  const net::FlowId gone = m.start(0, 1, 1000_B, 0);
  m.simulator.at(SimTime{60}, [&] { CHECK(m.network.cancel(gone)); });
  m.start(0, 2, 100_B, 1);
  m.simulator.run();
  CHECK(m.ends.ns == Times{{1, 200}});
  CHECK(m.network.use(m.down(1)).busy == 0_ns);
}

TEST_CASE("a flow of no bytes takes the latency, and one to the same node no time") {
  Machine m(star(2, 1_GBps, 500_ns));
  m.start(0, 1, 0_B, 0);
  m.start(1, 1, 1000_B, 1);
  m.simulator.run();
  CHECK(m.ends.ns == Times{{0, 500}, {1, 0}});
  CHECK(m.network.use(m.up(0)).carried == 0_B);
}

TEST_CASE("a listener may start flows and cancel one that ended at the same instant but was not told yet") {
  struct Relay : net::FlowListener {
    explicit Relay(Machine& machine) : m(machine) {}
    void flow_ended(std::uint64_t token) override {
      ++told;
      CHECK(token == 0);
      CHECK(m.network.cancel(other));
      m.start(1, 2, 100_B, 7);
    }
    Machine& m;
    net::FlowId other;
    int told = 0;
  };
  Machine m(star(3));
  Relay relay(m);
  m.network.start(m.topology.hosts()[0], m.topology.hosts()[1], 100_B, relay, 0);
  relay.other = m.network.start(m.topology.hosts()[2], m.topology.hosts()[0], 100_B, relay, 1);
  m.simulator.run();
  CHECK(relay.told == 1);
  CHECK(m.ends.ns == Times{{7, 200}});
}

// Ring all-reduce of 2^30 bytes, message by message, over cables of 50 * 2^30 B/s and 250 ns: every one of the 2 (n - 1)
// steps takes 500 ns + 2^30 / n / (50 * 2^30 B/s) = 500 ns + 0.02 s / n. For n = 64 that is 126 * 313,000 ns, for n = 3
// it is 4 * 6,667,166.67 ns: not a whole number, and still the sum is right to the nanosecond.
TEST_CASE("a chain of flows is as long as the sum of its exact times") {
  struct Ring : net::FlowListener {
    explicit Ring(Machine& machine, int n) : m(machine), ranks(n), left(2 * (n - 1) * n) {
      for (int rank = 0; rank < n; ++rank) send(rank);
    }
    void send(int rank) {
      m.network.start(m.topology.hosts()[static_cast<std::size_t>(rank)],
                      m.topology.hosts()[static_cast<std::size_t>((rank + 1) % ranks)], 1_GiB / ranks, *this,
                      static_cast<std::uint64_t>(rank));
    }
    void flow_ended(std::uint64_t rank) override {
      end = m.network.exact_now();
      if ((left -= 1) >= ranks) send(static_cast<int>(rank));
    }
    Machine& m;
    int ranks, left;
    net::ExactTime end;
  };
  const auto [ranks, expected_ns] =
      GENERATE(std::pair{64, 39438000.0}, std::pair{3, 4 * (500.0 + 2e7 / 3)}, std::pair{7, 12 * (500.0 + 2e7 / 7)});
  Machine m(star(ranks, BytesPerSec(50.0 * (1 << 30)), 500_ns));
  const Ring ring(m, ranks);
  m.simulator.run();
  CHECK(ring.end.seconds().value() * 1e9 == Approx(expected_ns).epsilon(0.0).margin(2e-5));
  CHECK(m.simulator.now().ns == std::llround(expected_ns));
}

TEST_CASE("a start-up passes before the latency; on one node it is a timer that keeps exact time") {
  Machine m(star(2, 1_GBps, 100_ns));
  m.network.start(m.topology.hosts()[0], m.topology.hosts()[1], 1000_B, m.ends, 0, 1.0, 30_ns);
  m.network.start(m.topology.hosts()[0], m.topology.hosts()[0], 0_B, m.ends, 1, 1.0, 20_ns);
  m.simulator.run();
  CHECK(m.ends.ns == Times{{0, 1130}, {1, 20}});
}

namespace {

Process<> send(Machine& m, int from, int to, Bytes size, std::vector<std::int64_t>& ends) {
  co_await m.network.transfer(m.topology.hosts()[static_cast<std::size_t>(from)],
                              m.topology.hosts()[static_cast<std::size_t>(to)], size);
  ends.push_back(m.simulator.now().ns);
}

Process<> give_up_after(Machine& m, Seconds patience, std::vector<std::int64_t>& ends) {
  Process<> sending = send(m, 0, 2, 1000_B, ends);
  Process<> waiting = kernel::sleep(m.simulator, patience);
  co_await kernel::when_any(std::move(sending), std::move(waiting));
}

}  // namespace

TEST_CASE("a transfer is a process that ends with its flow") {
  Machine m(star(3));
  std::vector<std::int64_t> ends;
  m.simulator.spawn(send(m, 0, 1, 1000_B, ends), "long");
  m.simulator.spawn(send(m, 0, 2, 400_B, ends), "short");
  m.simulator.run();
  CHECK(ends == std::vector<std::int64_t>{800, 1400});
}

TEST_CASE("destroying a transfer's process cancels its flow") {
  Machine m(star(3));
  std::vector<std::int64_t> ends;
  m.simulator.spawn(send(m, 0, 1, 1000_B, ends), "patient");
  m.simulator.spawn(give_up_after(m, 400_ns, ends), "impatient");
  m.simulator.run();
  CHECK(ends == std::vector<std::int64_t>{1200});
}

TEST_CASE("network and simulator may die in either order while transfers are under way") {
  const net::Topology topology = star(2);
  net::Router router(topology);
  {
    kernel::Simulator simulator;
    const auto network = std::make_unique<net::FlowNetwork>(simulator, router);
    simulator.spawn(network->transfer(topology.hosts()[0], topology.hosts()[1], 1000_B), "sender");
    simulator.run_until(SimTime{10});
    CHECK(network->active_flows() == 1);
  }
  auto simulator = std::make_unique<kernel::Simulator>();
  net::FlowNetwork network(*simulator, router);
  simulator->spawn(network.transfer(topology.hosts()[0], topology.hosts()[1], 1000_B), "sender");
  simulator->run_until(SimTime{10});
  CHECK(network.active_flows() == 1);
}

// Half of the load on each of two links: 1000 bytes at 1/2 end at 2000 (the other 1000 too). Busy: link up 0 for 2000.
TEST_CASE("links know what they carried, how long they were busy and how full they are") {
  Machine m(star(3));
  m.start(0, 1, 1000_B, 0);
  m.start(0, 2, 1000_B, 1);
  m.simulator.run_until(SimTime{500});
  const net::LinkUse halfway = m.network.use(m.up(0));
  CHECK(halfway.carried == 500_B);
  CHECK(halfway.busy == 500_ns);
  CHECK(halfway.flows == 2);
  CHECK(halfway.load == 1.0);
  CHECK(m.network.use(m.down(1)).load == 0.5);
  m.simulator.run();
  m.simulator.run_until(SimTime{5000});
  const net::LinkUse later = m.network.use(m.up(0));
  CHECK(later.carried == 2000_B);
  CHECK(later.busy == SimTime{2000}.seconds());
  CHECK(later.flows == 0);
  CHECK(later.load == 0.0);
}

TEST_CASE("an observer hears of each change of a link's load, once") {
  struct Log : net::LinkObserver {
    void load_changed(net::LinkId link, SimTime moment, double load) override {
      if (link.value == 0) changes.emplace_back(moment.ns, load);
    }
    std::vector<std::pair<std::int64_t, double>> changes;
  };
  // Host 0 sends at 1/2 at first, because host 1 receives from host 2 as well, and alone from 200 to 300.
  Log log;
  Machine m(star(3), &log);
  m.start(0, 1, 200_B, 0);
  m.start(2, 1, 100_B, 1);
  m.simulator.run();
  CHECK(log.changes == std::vector<std::pair<std::int64_t, double>>{{0, 0.5}, {200, 1.0}, {300, 0.0}});
}

namespace {

struct Job {
  std::int64_t start_ns;
  int from, to;
  double size, weight;
};

std::vector<Job> random_jobs(std::uint64_t seed, int hosts, int count) {
  RngStream random = stream(Seed{seed}, "jobs");
  std::vector<Job> jobs;
  std::int64_t now = 0;
  for (int i = 0; i < count; ++i) {
    now += static_cast<std::int64_t>(random.exponential(60.0));
    const int from = static_cast<int>(random.below(static_cast<std::uint64_t>(hosts)));
    const int to = (from + 1 + static_cast<int>(random.below(static_cast<std::uint64_t>(hosts - 1)))) % hosts;
    jobs.push_back({now, from, to, std::floor(random.exponential(1000.0)), random.bernoulli(0.5) ? 1.0 : 2.0});
  }
  return jobs;
}

Times run_jobs(Machine& m, const std::vector<Job>& jobs) {
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    m.simulator.at(SimTime{jobs[i].start_ns}, [&m, &jobs, i] {
      m.start(jobs[i].from, jobs[i].to, Bytes(jobs[i].size), i, jobs[i].weight);
    });
  }
  m.simulator.run();
  return m.ends.ns;
}

}  // namespace

// Sizes are whole numbers of bytes, so the sums are exact.
TEST_CASE("each link has carried exactly the bytes of the flows whose route crosses it") {
  const int hosts = GENERATE(2, 5, 16);
  Machine m(star(hosts, 1_GBps, 40_ns));
  const std::vector<Job> jobs = random_jobs(11, hosts, 2000);
  const Times ends = run_jobs(m, jobs);
  std::vector<double> sent(m.topology.links().size(), 0.0);
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    sent[static_cast<std::size_t>(m.up(jobs[i].from).value)] += jobs[i].size;
    sent[static_cast<std::size_t>(m.down(jobs[i].to).value)] += jobs[i].size;
    // No flow beats latency plus size over bandwidth.
    REQUIRE(ends.at(i) - jobs[i].start_ns >= 40 + static_cast<std::int64_t>(jobs[i].size));
  }
  for (std::size_t l = 0; l < sent.size(); ++l) {
    const net::LinkUse use = m.network.use(net::LinkId{static_cast<std::int32_t>(l)});
    REQUIRE(use.carried == Bytes(sent[l]));
    REQUIRE(use.busy.value() * 1e9 >= sent[l] - 1e-6 * sent[l]);
  }
}

TEST_CASE("the same flows end at the same nanoseconds in every run") {
  const std::vector<Job> jobs = random_jobs(5, 8, 1000);
  Machine first(star(8, 1_GBps, 40_ns)), second(star(8, 1_GBps, 40_ns));
  CHECK(run_jobs(first, jobs) == run_jobs(second, jobs));
}

// A machine with the order of each instant's starts turned round: rates differ at most in their last digits, so no end
// moves by more than the rounding to a nanosecond of a few completions.
TEST_CASE("the order in which flows of one instant are started does not matter") {
  std::vector<Job> jobs = random_jobs(3, 8, 300);
  for (Job& job : jobs) job.start_ns -= job.start_ns % 1000;
  Machine forwards(star(8)), backwards(star(8));
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const auto add = [&jobs](Machine& m, std::size_t j) {
      m.simulator.at(SimTime{jobs[j].start_ns}, [&m, &jobs, j] {
        m.start(jobs[j].from, jobs[j].to, Bytes(jobs[j].size), j, jobs[j].weight);
      });
    };
    add(forwards, i);
    add(backwards, jobs.size() - 1 - i);
  }
  forwards.simulator.run();
  backwards.simulator.run();
  REQUIRE(forwards.ends.ns.size() == jobs.size());
  for (const auto& [token, ns] : forwards.ends.ns) REQUIRE(std::abs(ns - backwards.ends.ns.at(token)) <= 2);
}

namespace {

/// The fluid model written down plainly, in seconds as doubles: between two events every flow moves at the rate that
/// progressive filling gives it. Returns the ends in nanoseconds.
std::vector<double> fluid_ends(Machine& m, const std::vector<Job>& jobs) {
  struct Moving {
    std::size_t job;
    double joins, left, rate;
  };
  const auto host = [&](int i) { return m.topology.hosts()[static_cast<std::size_t>(i)]; };
  std::vector<BytesPerSec> capacity;
  for (const net::Link& link : m.topology.links()) capacity.push_back(link.bandwidth);
  std::vector<double> ends(jobs.size());
  std::vector<Moving> moving;
  double now = 0.0;
  for (std::size_t next = 0; next < jobs.size() || !moving.empty();) {
    std::vector<net::FlowPath> paths;
    for (const Moving& flow : moving) {
      const auto route = m.router.route(host(jobs[flow.job].from), host(jobs[flow.job].to));
      paths.push_back({{route.begin(), route.end()}, jobs[flow.job].weight});
    }
    const auto rates = net::max_min_rates(capacity, paths);
    const double latency = next == jobs.size() ? 0.0 : 1e9 * net::route_latency(m.topology, m.router.route(
                                                                host(jobs[next].from), host(jobs[next].to))).value();
    const double joins = next == jobs.size() ? INFINITY : static_cast<double>(jobs[next].start_ns) + latency;
    double until = joins;
    for (std::size_t i = 0; i < moving.size(); ++i) {
      moving[i].rate = rates[i].value() * 1e-9;
      until = std::min(until, now + moving[i].left / moving[i].rate);
    }
    for (Moving& flow : moving) flow.left -= flow.rate * (until - now);
    now = until;
    for (std::size_t i = moving.size(); i-- > 0;) {
      if (moving[i].left > 1e-7) continue;
      ends[moving[i].job] = now;
      moving.erase(moving.begin() + static_cast<std::ptrdiff_t>(i));
    }
    if (now == joins) {
      jobs[next].size > 0.0 ? moving.push_back({next, now, jobs[next].size, 0.0}) : void(ends[next] = now);
      ++next;
    }
  }
  return ends;
}

}  // namespace

// The network shifts each end to a whole nanosecond, and with it what the others on its links get from there on: half a
// nanosecond per end within one busy period of a link. Here 0.7 of the bandwidth is offered, and busy periods have some
// tens of ends, so that 10 ns is far above the sum and far below the 1000 ns of a mean flow.
TEST_CASE("ends are those of the plain fluid model, solved from nothing at every event") {
  const int hosts = GENERATE(3, 8, 24);
  const auto seed = GENERATE(1u, 2u);
  Machine m(star(hosts, 1_GBps, 40_ns));
  std::vector<Job> jobs = random_jobs(seed, hosts, 600);
  for (Job& job : jobs) job.start_ns = job.start_ns * 24 / hosts;
  const Times ends = run_jobs(m, jobs);
  const std::vector<double> expected = fluid_ends(m, jobs);
  double worst = 0.0;
  for (std::size_t i = 0; i < jobs.size(); ++i) worst = std::max(worst, std::abs(static_cast<double>(ends.at(i)) - expected[i]));
  CHECK(worst < 10.0);
  CHECK(worst > 0.0);
}
