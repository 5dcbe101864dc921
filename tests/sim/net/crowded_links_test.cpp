// Crowds of equal flows, hundreds to thousands on one link: levels that are equal but for the rounding of their sums, and
// sums whose rounding is large beside one flow's share. The incremental solver has to settle whatever rounding does, and
// to find the rates that progressive filling finds from nothing.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "sim/base/rng.hpp"
#include "sim/collective/algorithm.hpp"
#include "sim/collective/executor.hpp"
#include "sim/collective/placement.hpp"
#include "sim/net/fair_share.hpp"
#include "sim/net/max_min.hpp"
#include "sim/net/routing.hpp"
#include "sim/net/torus.hpp"

using namespace orrery;
using namespace orrery::literals;
using net::FairShare;
using net::FlowPath;
using net::NodeId;

namespace {

net::Topology star(int hosts, BytesPerSec bandwidth) {
  net::Topology topology;
  const NodeId hub = topology.add_switch("switch");
  for (int i = 0; i < hosts; ++i) {
    topology.connect(topology.add_host("host " + std::to_string(i)), hub, {bandwidth, 250_ns});
  }
  return topology;
}

struct CrowdFlow {
  FlowPath path;
  double joins_s = 0.0;
  double left = 0.0;  // bytes
  bool in = false;
};

/// Flows that join after their routes' latencies and leave with their last byte: a fluid simulation in doubles, solved
/// after each moment's changes. Ends within half a nanosecond are one moment, as they are on the network's clock.
class Crowd {
 public:
  explicit Crowd(net::Topology topology) : topology_(std::move(topology)), router_(topology_), shares_(capacities()) {}

  void add(std::size_t from, std::size_t to, double bytes, double starts_s = 0.0, double weight = 1.0) {
    const auto route = router_.route(topology_.hosts()[from], topology_.hosts()[to]);
    const double latency_s = net::route_latency(topology_, route).value();
    flows_.push_back({{{route.begin(), route.end()}, weight}, starts_s + latency_s, bytes, false});
  }
  /// One message from each host to each other one: the steps of two_shot and of an all-to-all.
  void add_all_pairs(double bytes) {
    const std::size_t hosts = topology_.hosts().size();
    for (std::size_t i = 0; i < hosts * hosts; ++i) {
      if (i / hosts != i % hosts) add(i / hosts, i % hosts, bytes);
    }
  }

  /// Every `check_every`-th solution is compared.
  void run(int check_every) {
    std::size_t ended = 0;
    for (int moment = 0; ended < flows_.size(); ++moment) {
      ended += pass(next_change_s());
      shares_.solve();
      if (moment % check_every == 0) check();
    }
  }
  /// Largest relative difference of a rate from that of progressive filling.
  double worst() const { return worst_; }
  std::size_t most_on_a_link() const { return most_on_a_link_; }

 private:
  static constexpr double kMoment = 0.5e-9;

  std::vector<BytesPerSec> capacities() const {
    std::vector<BytesPerSec> result;
    for (const net::Link& link : topology_.links()) result.push_back(link.bandwidth);
    return result;
  }
  double next_change_s() const {
    double next_s = std::numeric_limits<double>::infinity();
    for (std::uint32_t f = 0; f < flows_.size(); ++f) {
      if (flows_[f].in) {
        next_s = std::min(next_s, now_s_ + flows_[f].left / shares_.rate(f).value());
      } else if (flows_[f].left > 0.0) {
        next_s = std::min(next_s, flows_[f].joins_s);
      }
    }
    return next_s;
  }
  std::size_t pass(double moment_s) {
    std::size_t ended = 0;
    for (std::uint32_t f = 0; f < flows_.size(); ++f) {
      CrowdFlow& flow = flows_[f];
      if (flow.in) {
        const double rate = shares_.rate(f).value();
        flow.left -= rate * (moment_s - now_s_);
        if (flow.left > rate * kMoment) continue;
        flow.left = 0.0;
        flow.in = false;
        shares_.remove(f);
        ++ended;
      } else if (flow.left > 0.0 && flow.joins_s <= moment_s + kMoment) {
        flow.in = true;
        shares_.add(f, flow.path.links, flow.path.weight);
      }
    }
    now_s_ = moment_s;
    return ended;
  }
  void check() {
    std::vector<FlowPath> paths;
    std::vector<std::uint32_t> numbers;
    for (std::uint32_t f = 0; f < flows_.size(); ++f) {
      if (!flows_[f].in) continue;
      paths.push_back(flows_[f].path);
      numbers.push_back(f);
    }
    const auto expected = net::max_min_rates(capacities(), paths);
    for (std::size_t i = 0; i < paths.size(); ++i) {
      worst_ = std::max(worst_, std::abs(shares_.rate(numbers[i]) / expected[i] - 1.0));
    }
    for (std::size_t l = 0; l < topology_.links().size(); ++l) {
      most_on_a_link_ = std::max(most_on_a_link_, shares_.flows_on(net::LinkId{static_cast<std::int32_t>(l)}));
    }
  }

  net::Topology topology_;
  net::Router router_;
  FairShare shares_;
  std::vector<CrowdFlow> flows_;
  double now_s_ = 0.0;
  double worst_ = 0.0;
  std::size_t most_on_a_link_ = 0;
};

net::LinkSpec cable() {
  return {46.4_GBps, 700_ns};
}

}  // namespace

// On a ring of n forwarding hosts, one message from each to each other one loads a link with about n^2 / 8 of them; they
// join one distance after the other.
TEST_CASE("the messages of all pairs on a ring settle, at the rates of progressive filling") {
  const int hosts = GENERATE(16, 63);
  const double bytes = GENERATE(16.0, 262144.0);
  CAPTURE(hosts, bytes);
  Crowd crowd(net::torus({hosts}, cable()));
  crowd.add_all_pairs(bytes);
  crowd.run(8);
  CHECK(crowd.worst() < 1e-9);
}

// 2^22 elements of 4 bytes over n ranks: two steps, in each a message of 2^24 / n bytes (or an element more) from each rank
// to each other one. Shared out evenly they load each link with n^2 / 8 messages a step (rounded down); messages that go
// half-way round may go either way, which adds 32 to some links.
TEST_CASE("two_shot on a ring of hosts takes the time of its busiest link and the latency") {
  const int ranks = GENERATE(63, 64);
  CAPTURE(ranks);
  const net::Topology ring = net::torus({ranks}, {50_GBps, 1_us});
  net::Router router(ring);
  collective::PlanRequest request;
  request.ranks = ranks;
  request.elements = 1 << 22;
  const Registered<collective::Algorithm> two_shot("two_shot");
  const collective::Plan plan = two_shot->plan(request);
  const auto timing = collective::time_plan(plan, router, collective::place(plan, ring), {0_s, {}, Bytes(4.0)});
  const int messages = 2 * (ranks * ranks / 8);
  const double wire_s = messages * 16777216.0 / ranks / 50e9;
  CHECK(timing->time.value() > wire_s);
  CHECK(timing->time.value() < 1.1 * wire_s + 2 * 32e-6);
}

// Messages of three sizes, of one weight or two, between random hosts, which start at two moments.
TEST_CASE("a thousand random equal flows on a link settle, at the rates of progressive filling") {
  struct Case {
    net::Topology topology;
    int flows;
  };
  const int kind = GENERATE(0, 1, 2);
  const bool weighted = GENERATE(false, true);
  CAPTURE(kind, weighted);
  const Case cases[] = {
      {net::torus({6}, cable()), 8000}, {net::torus({3, 3}, cable()), 26000}, {star(6, 46.4_GBps), 7000}};
  const Case& here = cases[kind];
  RngStream random = stream(Seed{1}, "crowd");
  Crowd crowd(here.topology);
  const std::size_t hosts = here.topology.hosts().size();
  for (int i = 0; i < here.flows; ++i) {
    const std::size_t from = random.below(hosts);
    const std::size_t to = (from + 1 + random.below(hosts - 1)) % hosts;
    const double starts_s = random.below(4) == 0 ? 1e-3 : 0.0;
    const double parts = static_cast<double>(1 + random.below(3));
    crowd.add(from, to, parts * 262144.0, starts_s, weighted ? static_cast<double>(1 + random.below(2)) : 1.0);
  }
  crowd.run(5);
  CHECK(crowd.most_on_a_link() > 1000);
  CHECK(crowd.worst() < 1e-9);
}
