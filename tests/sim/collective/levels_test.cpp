// What theory says of closed forms on Hockney levels: where algorithms cross. And a network's levels are what its cables
// and their sharing cost.
#include "sim/collective/levels.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <sstream>

#include "sim/base/error.hpp"
#include "sim/base/json_io.hpp"
#include "sim/collective/placement.hpp"
#include "tests/sim/collective/ideal_network.hpp"
#include "tests/sim/collective/option_sets.hpp"

using namespace orrery;
using namespace orrery::literals;
using namespace orrery::collective;

namespace {

PlanRequest all_reduce(int ranks, std::int64_t bytes) {
  PlanRequest request;
  request.ranks = ranks;
  request.elements = bytes;
  return request;
}

Seconds closed_form(const char* name, const PlanRequest& request, const Hockney& h) {
  return *Registered<Algorithm>(name)->closed_form(request, Bytes(1), {&h, 1});
}

}  // namespace

TEST_CASE("oracle C11: ring and an ideal tree cross where (2(P-1) - 2 log2 P) alpha = 2 n beta / P") {
  std::ifstream file(ORRERY_SOURCE_DIR "/tests/oracles/collectives.json");
  std::stringstream text;
  text << file.rdbuf();
  const Json oracle = parse_json(text.str(), "collectives.json").root["C11.ring_tree.crossover"];
  const Hockney h{
      Seconds(oracle["inputs"]["alpha"].get<double>()), SecondsPerByte(oracle["inputs"]["beta"].get<double>()), {}};
  const int ranks = oracle["inputs"]["P"].get<int>();
  const double crossover = oracle["expected"].get<double>();
  const auto tree = [&](double n) { return 2 * std::log2(ranks) * h.alpha.value() + 2 * n * h.beta.value(); };
  const auto ring = [&](double n) { return closed_form("ring", all_reduce(ranks, std::llround(n)), h).value(); };
  CHECK(ring(crossover) == Approx(tree(crossover)).epsilon(1e-9));
  CHECK(ring(0.99 * crossover) > tree(0.99 * crossover));
  CHECK(ring(1.01 * crossover) < tree(1.01 * crossover));
}

TEST_CASE("small buffers go in few start-ups, large ones in few bytes") {
  const Hockney h{5_us, SecondsPerByte(2e-11), {}};
  const auto cheapest = [&](const PlanRequest& request) {
    std::pair<Seconds, std::string> best{Seconds(1e9), ""};
    for (const Registered<Algorithm>& algorithm : eligible(request)) {
      const auto time = algorithm->closed_form(request, Bytes(1), {&h, 1});
      if (time && algorithm->servers() == 0) best = std::min(best, {*time, algorithm.name()});
    }
    return best;
  };
  for (const int ranks : {8, 16, 64}) {
    CHECK(cheapest(all_reduce(ranks, 64)).second == "one_shot");
    const auto [time, name] = cheapest(all_reduce(ranks, 1 << 30));
    CHECK(name == "two_shot");
    CHECK(time.value() == Approx(2 * 5e-6 + 2.0 * (ranks - 1) / ranks * (1 << 30) * 2e-11));
  }
}

// log2 P (alpha + n beta) = 2 log2 P alpha + 2(P-1)/P n beta  at  n* = log2 P alpha / ((log2 P - 2(P-1)/P) beta).
TEST_CASE("recursive doubling is ahead of halving-doubling below their crossover and behind above it") {
  const Hockney h{5_us, SecondsPerByte(2e-11), {}};
  const double p = 16, rounds = 4;
  const double crossover = rounds * 5e-6 / ((rounds - 2 * (p - 1) / p) * 2e-11);
  const PlanRequest below = all_reduce(16, std::llround(0.98 * crossover));
  const PlanRequest above = all_reduce(16, std::llround(1.02 * crossover));
  CHECK(closed_form("recursive_doubling", below, h) < closed_form("halving_doubling", below, h));
  CHECK(closed_form("halving_doubling", above, h) < closed_form("recursive_doubling", above, h));
}

TEST_CASE("the level of hosts on one switch is a message's start-up and its cable") {
  const IdealNetwork ideal(9);
  net::Router router(ideal.topology());
  const EndpointCosts costs{kHockney.alpha, kHockney.gamma, Bytes(1)};
  const std::vector<int> grid{8};
  const std::vector<Hockney> levels = levels_of(router, ideal.topology().hosts().first(8), grid, costs);
  REQUIRE(levels.size() == 1);
  CHECK(levels[0].alpha == kHockney.alpha);
  CHECK(levels[0].beta.value() == Approx(kHockney.beta.value()).epsilon(1e-12));
}

TEST_CASE("a network card shared by the GPUs of a node costs each of them its share of it") {
  net::Topology pod;
  const net::NodeId core = pod.add_switch("core");
  for (int node = 0; node < 3; ++node) {
    const net::NodeId nvswitch = pod.add_switch("node " + std::to_string(node));
    pod.connect(nvswitch, core, {10_GBps, 1_us});
    for (int gpu = 0; gpu < 4; ++gpu)
      pod.connect(pod.add_host("gpu " + std::to_string(4 * node + gpu)), nvswitch, {100_GBps, 1_us});
  }
  pod.set_dimensions({4, 3});
  net::Router router(pod);
  const std::vector<Hockney> levels = levels_of(router, pod.hosts(), pod.dimensions(), {1_us, {}, Bytes(1)});
  REQUIRE(levels.size() == 2);
  CHECK(levels[0].alpha.value() == Approx(3e-6));
  CHECK(levels[0].beta.value() == Approx(1e-11));
  CHECK(levels[1].alpha.value() == Approx(5e-6));
  CHECK(levels[1].beta.value() == Approx(4e-10));
  // 2(G-1)(a0 + n/G b0) + 2(M-1)(a1 + n/GM b1), as the plan takes on that network.
  const PlanRequest request = request_on(pod, CollectiveKind::all_reduce, 12, 12 << 20);
  Registered<Algorithm> layered("hierarchical");
  option_sets::Set one_piece("pieces", 1, "");
  layered->visit(one_piece);
  const Plan plan = layered->plan(request);
  const auto timing = time_plan(plan, router, place(plan, pod), {1_us, {}, Bytes(1)});
  CHECK(std::abs((timing->time - *layered->closed_form(request, Bytes(1), levels)).value()) < 20e-9);
}
