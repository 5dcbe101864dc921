// The lecture's ring all-reduce on five GPUs, chunk by chunk: who sends and receives which chunk in which iteration,
// and who owns what in between.
#include <catch2/catch.hpp>
#include <map>

#include "sim/collective/algorithm.hpp"
#include "sim/collective/symbolic.hpp"

using namespace orrery;
using namespace orrery::collective;

namespace {

constexpr int kGpus = 5;
using Table = std::vector<std::vector<int>>;  // [iteration][GPU] -> chunk

Plan five_gpus() {
  PlanRequest request;
  request.ranks = kGpus;
  request.elements = 100;
  return Registered<Algorithm>("ring")->plan(request);
}

/// What each GPU sends (or receives, `end` = to) in the iterations of one half.
Table table(const Plan& plan, Combine half, std::int32_t Transfer::*end) {
  Table chunks(kGpus - 1, std::vector<int>(kGpus, -1));
  for (const Transfer& t : plan.channels[0].transfers) {
    if (t.combine != half) continue;
    const int iteration = half == Combine::add ? t.step : t.step - (kGpus - 1);
    REQUIRE(t.slots == 1);
    REQUIRE(t.to == (t.from + 1) % kGpus);
    chunks.at(static_cast<std::size_t>(iteration)).at(static_cast<std::size_t>(t.*end)) = t.source;
  }
  return chunks;
}

}  // namespace

TEST_CASE("scatter-reduce on five GPUs sends and receives the chunks of the lecture's table") {
  const Plan plan = five_gpus();
  CHECK(table(plan, Combine::add, &Transfer::from) ==
        Table{{0, 1, 2, 3, 4}, {4, 0, 1, 2, 3}, {3, 4, 0, 1, 2}, {2, 3, 4, 0, 1}});
  CHECK(table(plan, Combine::add, &Transfer::to) ==
        Table{{4, 0, 1, 2, 3}, {3, 4, 0, 1, 2}, {2, 3, 4, 0, 1}, {1, 2, 3, 4, 0}});
}

TEST_CASE("all-gather on five GPUs sends and receives the chunks of the lecture's table") {
  const Plan plan = five_gpus();
  CHECK(table(plan, Combine::copy, &Transfer::from) ==
        Table{{1, 2, 3, 4, 0}, {0, 1, 2, 3, 4}, {4, 0, 1, 2, 3}, {3, 4, 0, 1, 2}});
  CHECK(table(plan, Combine::copy, &Transfer::to) ==
        Table{{0, 1, 2, 3, 4}, {4, 0, 1, 2, 3}, {3, 4, 0, 1, 2}, {2, 3, 4, 0, 1}});
}

TEST_CASE("after the scatter-reduce rank r owns the sum of chunk r+1, and of no other") {
  const Plan plan = five_gpus();
  const auto held = contributions_after(plan, kGpus - 2);
  for (int rank = 0; rank < kGpus; ++rank) {
    for (int chunk = 0; chunk < kGpus; ++chunk) {
      const bool whole = held[static_cast<std::size_t>(rank * kGpus + chunk)].size() == kGpus;
      CHECK(whole == (chunk == (rank + 1) % kGpus));
    }
  }
}
