// The incremental solver against the plain one: after every change of random sets of flows its rates are those that
// progressive filling finds from nothing, they are feasible, and each flow has a bottleneck.
#include "sim/net/fair_share.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

#include "sim/base/rng.hpp"
#include "sim/net/max_min.hpp"

using namespace orrery;
using net::FairShare;
using net::FlowPath;
using net::LinkId;

namespace {

struct World {
  RngStream random;
  std::vector<BytesPerSec> capacity;
  std::map<std::uint32_t, FlowPath> flows;  // nodes of a map stay where they are: FairShare keeps spans into them
  std::vector<std::uint32_t> free_numbers;
  std::uint32_t numbers = 0;

  World(std::uint64_t seed, int links, bool equal_capacities) : random(stream(Seed{seed}, "flows")) {
    for (int i = 0; i < links; ++i) {
      capacity.push_back(BytesPerSec(equal_capacities ? 100.0 : random.uniform(1.0, 100.0)));
    }
  }

  FlowPath random_path(int hops_max, bool weighted) {
    FlowPath result{{}, weighted ? random.uniform(0.1, 10.0) : 1.0};
    const auto hops = 1 + random.below(static_cast<std::uint64_t>(hops_max));
    while (result.links.size() < hops) {
      const LinkId link{static_cast<std::int32_t>(random.below(capacity.size()))};
      if (std::find(result.links.begin(), result.links.end(), link) == result.links.end()) result.links.push_back(link);
    }
    return result;
  }
  void add_to(FairShare& shares, FlowPath path) {
    std::uint32_t number = numbers;
    if (free_numbers.empty()) {
      ++numbers;
    } else {
      number = free_numbers.back();
      free_numbers.pop_back();
    }
    const auto place = flows.emplace(number, std::move(path)).first;
    shares.add(number, place->second.links, place->second.weight);
  }
  std::map<std::uint32_t, FlowPath>::iterator random_flow() {
    return std::next(flows.begin(), static_cast<std::ptrdiff_t>(random.below(flows.size())));
  }
  void remove_from(FairShare& shares) {
    const auto place = random_flow();
    shares.remove(place->first);
    free_numbers.push_back(place->first);
    flows.erase(place);
  }
};

/// Feasible: no link carries more than its capacity. Fair: a flow's bottleneck is full and nobody on it is better off.
void check_certificate(const World& world, const FairShare& shares) {
  std::vector<double> carried(world.capacity.size(), 0.0);
  std::vector<double> highest(world.capacity.size(), 0.0);
  for (const auto& [number, flow] : world.flows) {
    for (const LinkId link : flow.links) {
      carried[link.index()] += shares.rate(number).value();
      highest[link.index()] = std::max(highest[link.index()], shares.rate(number).value() / flow.weight);
    }
  }
  bool feasible = true;
  bool fair = true;
  for (std::size_t l = 0; l < carried.size(); ++l) {
    feasible = feasible && carried[l] <= world.capacity[l].value() * (1 + 1e-10);
    fair = fair && shares.used(LinkId{static_cast<std::int32_t>(l)}).value() == Approx(carried[l]).epsilon(1e-9).margin(1e-9);
  }
  for (const auto& [number, flow] : world.flows) {
    const std::size_t b = shares.bottleneck(number).index();
    fair = fair && std::count(flow.links.begin(), flow.links.end(), shares.bottleneck(number)) == 1;
    fair = fair && carried[b] >= world.capacity[b].value() * (1 - 1e-10);
    fair = fair && shares.rate(number).value() / flow.weight >= highest[b] * (1 - 1e-10);
  }
  CHECK(feasible);
  CHECK(fair);
}

void check_against_filling(const World& world, const FairShare& shares) {
  std::vector<FlowPath> paths;
  std::vector<std::uint32_t> numbers;
  for (const auto& [number, flow] : world.flows) {
    paths.push_back(flow);
    numbers.push_back(number);
  }
  const auto expected = net::max_min_rates(world.capacity, paths);
  double worst = 0.0;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    worst = std::max(worst, std::abs(shares.rate(numbers[i]) / expected[i] - 1.0));
  }
  CHECK(worst < 1e-9);
}

struct Mix {
  int links, hops_max, flows, changes, batch_max;
  bool weighted, equal_capacities;
};

}  // namespace

TEST_CASE("after each change the rates are those of progressive filling from nothing") {
  const auto mix = GENERATE(Mix{1, 1, 10, 200, 1, true, false}, Mix{6, 3, 12, 400, 1, false, true},
                            Mix{6, 3, 12, 400, 3, true, false}, Mix{20, 2, 30, 400, 1, false, true},
                            Mix{20, 4, 60, 400, 4, true, false}, Mix{40, 6, 20, 400, 2, false, false},
                            Mix{12, 5, 200, 200, 8, true, true}, Mix{64, 2, 96, 400, 1, false, true});
  const auto seed = GENERATE(1u, 2u, 3u);
  CAPTURE(seed, mix.links, mix.hops_max, mix.flows, mix.weighted, mix.equal_capacities);
  World world(seed, mix.links, mix.equal_capacities);
  FairShare shares(world.capacity);
  for (int change = 0; change < mix.changes; ++change) {
    const auto batch = 1 + world.random.below(static_cast<std::uint64_t>(mix.batch_max));
    for (std::uint64_t i = 0; i < batch; ++i) {
      const bool grow = world.flows.empty() || world.random.below(static_cast<std::uint64_t>(2 * mix.flows)) >= world.flows.size();
      if (mix.weighted && !world.flows.empty() && world.random.below(5) == 0) {
        const auto flow = world.random_flow();
        flow->second.weight = world.random.uniform(0.1, 10.0);
        shares.set_weight(flow->first, flow->second.weight);
      } else if (grow) {
        world.add_to(shares, world.random_path(mix.hops_max, mix.weighted));
      } else {
        world.remove_from(shares);
      }
    }
    shares.solve();
    check_certificate(world, shares);
    check_against_filling(world, shares);
  }
}

TEST_CASE("solve lists exactly the flows whose rate changed") {
  World world(7, 30, false);
  FairShare shares(world.capacity);
  std::map<std::uint32_t, double> before;
  for (int change = 0; change < 500; ++change) {
    if (world.flows.size() < 40 || world.random.below(2) == 0) {
      world.add_to(shares, world.random_path(3, true));
    } else {
      world.remove_from(shares);
    }
    const auto changed = shares.solve();
    std::vector<std::uint32_t> listed(changed.begin(), changed.end());
    std::sort(listed.begin(), listed.end());
    REQUIRE(std::adjacent_find(listed.begin(), listed.end()) == listed.end());
    for (const auto& [number, flow] : world.flows) {
      const bool is_listed = std::binary_search(listed.begin(), listed.end(), number);
      const auto old = before.find(number);
      const bool moved = old == before.end() || old->second != shares.rate(number).value();
      REQUIRE(is_listed == moved);
    }
    before.clear();
    for (const auto& [number, flow] : world.flows) before[number] = shares.rate(number).value();
  }
}

// A chain of n links of capacity 1; flow i crosses links i and i+1, all get 1/2. One more flow on link 0 changes flow 0
// and, through link 1, flow 1, and so on: the whole chain. But behind a narrow flow, of level 1/4 through a link of its
// own, nothing changes, and nobody there is looked at.
TEST_CASE("a change goes no further than rates really change") {
  constexpr int kChain = 1000;
  std::vector<BytesPerSec> capacity(kChain + 2, BytesPerSec(1.0));
  const LinkId narrow{kChain + 1};
  capacity[narrow.index()] = BytesPerSec(0.25);
  std::vector<FlowPath> flows;
  for (int i = 0; i < kChain; ++i) flows.push_back({{LinkId{i}, LinkId{i + 1}}, 1.0});
  flows[3].links.push_back(narrow);
  FairShare shares(capacity);
  for (std::uint32_t i = 0; i < kChain; ++i) shares.add(i, flows[i].links);
  shares.solve();
  const FairShare::Work before = shares.work();
  const std::vector<LinkId> first{LinkId{0}};
  shares.add(kChain, first);
  const auto changed = shares.solve();
  CHECK(changed.size() <= 4);
  CHECK(shares.work().flows - before.flows <= 8);
  CHECK(shares.work().links - before.links <= 16);
}
