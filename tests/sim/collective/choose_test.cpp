// The automatic choice: what theory says is cheap is chosen, the table is complete, and a network's levels are what its
// cables and their sharing cost.
#include "sim/collective/choose.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <sstream>

#include "sim/base/error.hpp"
#include "sim/base/json_io.hpp"
#include "sim/collective/placement.hpp"
#include "tests/sim/collective/ideal_network.hpp"

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
  for (const int ranks : {8, 16, 64}) {
    const Choice small = choose(all_reduce(ranks, 64), Bytes(1), {&h, 1});
    const Choice large = choose(all_reduce(ranks, 1 << 30), Bytes(1), {&h, 1});
    CHECK(small.algorithm.name() == "one_shot");
    CHECK(large.algorithm.name() == "two_shot");
    CHECK(large.time.value() == Approx(2 * 5e-6 + 2.0 * (ranks - 1) / ranks * (1 << 30) * 2e-11));
  }
}

// log2 P (alpha + n beta) = 2 log2 P alpha + 2(P-1)/P n beta  at  n* = log2 P alpha / ((log2 P - 2(P-1)/P) beta).
TEST_CASE("recursive doubling is ahead of halving-doubling below their crossover and behind above it") {
  const Hockney h{5_us, SecondsPerByte(2e-11), {}};
  const double p = 16, rounds = 4;
  const double crossover = rounds * 5e-6 / ((rounds - 2 * (p - 1) / p) * 2e-11);
  const auto place_of = [&](const Choice& choice, const std::string& name) {
    std::size_t i = 0;
    while (choice.candidates.at(i).algorithm != name) ++i;
    return i;
  };
  const Choice below = choose(all_reduce(16, std::llround(0.98 * crossover)), Bytes(1), {&h, 1});
  const Choice above = choose(all_reduce(16, std::llround(1.02 * crossover)), Bytes(1), {&h, 1});
  CHECK(place_of(below, "recursive_doubling") < place_of(below, "halving_doubling"));
  CHECK(place_of(above, "halving_doubling") < place_of(above, "recursive_doubling"));
}

TEST_CASE("the table of candidates has every algorithm, sorted, with the reason of those that cannot") {
  const Hockney h{5_us, SecondsPerByte(2e-11), {}};
  PlanRequest request = all_reduce(12, 1 << 20);
  const Choice choice = choose(request, Bytes(1), {&h, 1});
  CHECK(choice.candidates.size() == Algorithm::registry().names().size());
  CHECK(choice.candidates.front().algorithm == choice.algorithm.name());
  for (std::size_t i = 0; i < choice.candidates.size(); ++i) {
    const Candidate& candidate = choice.candidates[i];
    CHECK(candidate.time.has_value() == candidate.refusal.empty());
    if (i > 0 && candidate.time) CHECK(*choice.candidates[i - 1].time <= *candidate.time);
    if (candidate.algorithm == "parameter_server") CHECK(candidate.refusal == "needs hosts of its own");
    if (candidate.algorithm == "torus_2d") CHECK_THAT(candidate.refusal, Catch::Contains("two dimensions"));
  }
  request.kind = CollectiveKind::point_to_point;
  request.ranks = 1;
  CHECK_THROWS_WITH(choose(request, Bytes(1), {&h, 1}),
                    Catch::Contains("no algorithm can do point_to_point on 1 ranks"));
}

TEST_CASE("on one switch the closed forms of all candidates are what their plans take") {
  const IdealNetwork ideal(9);
  net::Router router(ideal.topology());
  const EndpointCosts costs{kHockney.alpha, kHockney.gamma, Bytes(1)};
  const std::vector<int> grid{8};
  const std::vector<Hockney> levels = levels_of(router, ideal.topology().hosts().first(8), grid, costs);
  REQUIRE(levels.size() == 1);
  CHECK(levels[0].alpha == kHockney.alpha);
  CHECK(levels[0].beta.value() == Approx(kHockney.beta.value()).epsilon(1e-12));
  for (const std::int64_t bytes : {64, 65536, 1 << 26}) {
    const PlanRequest request = request_on(ideal.topology(), CollectiveKind::all_reduce, 8, bytes);
    for (const Candidate& candidate : choose(request, Bytes(1), levels).candidates) {
      if (!candidate.time) continue;
      CAPTURE(candidate.algorithm, bytes);
      const Plan plan = Registered<Algorithm>(candidate.algorithm)->plan(request);
      const Seconds taken = time_plan(plan, router, place(plan, ideal.topology()), costs)->time;
      CHECK(std::abs((*candidate.time - taken).value()) < 2e-9 + 1e-6 * taken.value());
    }
  }
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
  const Registered<Algorithm> layered("hierarchical");
  const Plan plan = layered->plan(request);
  const auto timing = time_plan(plan, router, place(plan, pod), {1_us, {}, Bytes(1)});
  CHECK(std::abs((timing->time - *layered->closed_form(request, Bytes(1), levels)).value()) < 20e-9);
}
