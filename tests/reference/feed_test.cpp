// The order of samples: a shuffle per epoch that does not depend on the number of ranks.
#include "validate/reference/feed.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <numeric>

using namespace orrery;
using namespace orrery::reference;

namespace {

/// Sample i is the number i, with label i.
class Numbers : public Dataset {
 public:
  SampleShape shape() const override { return {cost::DType::int32, 1, 1, 1000}; }
  std::int64_t samples(Split) const override { return 103; }
  void copy_sample(Split, std::int64_t index, void* inputs, std::int32_t* labels) const override {
    *static_cast<std::int32_t*>(inputs) = static_cast<std::int32_t>(index);
    *labels = static_cast<std::int32_t>(index);
  }
  std::string description() const override { return "numbers"; }
  std::uint32_t checksum() const override { return 0; }
};

std::vector<std::int64_t> epoch(SampleOrder& order, std::int64_t number) {
  std::vector<std::int64_t> seen;
  for (std::int64_t s = 0; s < order.steps_per_epoch(); ++s) {
    const auto batch = order.batch(number * order.steps_per_epoch() + s);
    seen.insert(seen.end(), batch.begin(), batch.end());
  }
  return seen;
}

}  // namespace

TEST_CASE("an epoch shows each sample once, the next one in another order") {
  SampleOrder order(Seed{3}, 103, 1);
  std::vector<std::int64_t> all(103);
  std::iota(all.begin(), all.end(), 0);
  const auto first = epoch(order, 0);
  const auto second = epoch(order, 1);
  CHECK(first != second);
  for (auto seen : {first, second}) {
    CHECK(seen != all);
    std::sort(seen.begin(), seen.end());
    CHECK(seen == all);
  }
  CHECK(epoch(order, 0) == first);
  SampleOrder other(Seed{4}, 103, 1);
  CHECK(epoch(other, 0) != first);
}

TEST_CASE("a rest that fills no batch is left out of the epoch, without repeats") {
  SampleOrder order(Seed{3}, 103, 10);
  CHECK(order.steps_per_epoch() == 10);
  auto seen = epoch(order, 0);
  CHECK(seen.size() == 100);
  std::sort(seen.begin(), seen.end());
  CHECK(std::adjacent_find(seen.begin(), seen.end()) == seen.end());
}

TEST_CASE("ranks share the batch that one rank alone would see") {
  const Numbers data;
  Feed alone(data, Seed{5}, 12, 0, 1, 0, 40);
  Feed first(data, Seed{5}, 12, 0, 2, 0, 40);
  Feed second(data, Seed{5}, 12, 1, 2, 0, 40);
  for (std::int64_t step = 0; step < 40; ++step) {
    const auto whole = alone.step(step);
    const std::vector<std::int32_t> expected(whole.labels, whole.labels + 12);
    const auto a = first.step(step);
    const auto b = second.step(step);
    std::vector<std::int32_t> joined(a.labels, a.labels + 6);
    joined.insert(joined.end(), b.labels, b.labels + 6);
    CHECK(joined == expected);
    CHECK(*static_cast<const std::int32_t*>(b.inputs) == b.labels[0]);
  }
}

TEST_CASE("a feed that starts in the middle gives the same batches as one from the beginning") {
  const Numbers data;
  Feed whole(data, Seed{5}, 8, 0, 1, 0, 2000);
  Feed later(data, Seed{5}, 8, 0, 1, 1500, 2000);
  for (std::int64_t step = 0; step < 2000; ++step) {
    const auto expected = whole.step(step);
    if (step < 1500) continue;
    const auto got = later.step(step);
    REQUIRE(std::equal(got.labels, got.labels + 8, expected.labels));
  }
}
