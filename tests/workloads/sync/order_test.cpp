// Which variant is faster than which, and when not. Cancelling against waiting: always so. Cancelling against carrying on:
// it depends on whether what is left of a time is shorter than a new one.
#include <catch2/catch.hpp>
#include <cmath>

#include "tests/workloads/sync/race.hpp"
#include "workloads/sync/theory.hpp"

using namespace orrery;
using namespace orrery::sync;

namespace {

std::string with_k(const std::string& name, int k) {
  return R"({"kind": ")" + name + R"(", "k": )" + std::to_string(k) + "}";
}

/// Time of the first update.
Seconds first_update(const Setting& s, int learners, Seed seed) {
  Race race(*s.variant, s.compute, learners, seed);
  while (race.step().use != Use::apply) {
  }
  return race.now();
}

double updates_per_second(const std::string& variant, const std::string& compute) {
  const Setting s = setting(variant, compute);
  Race race(*s.variant, s.compute, 8, Seed{1});
  while (race.now() < Seconds(2000.0)) race.step();
  return static_cast<double>(race.coordinator().books().updates) / 2000.0;
}

}  // namespace

TEST_CASE("on every path K-batch-sync is not slower than K-sync, nor that than sync") {
  const std::string times = GENERATE(as<std::string>{}, R"({"distribution": "exponential"})",
                                     R"({"distribution": {"kind": "pareto", "shape": 1.2}})",
                                     R"({"distribution": "gamma", "factors": [1, 2, 5]})");
  const Setting batch = setting(with_k("k_batch_sync", 5), times), learner = setting(with_k("k_sync", 5), times),
                all = setting(R"("sync")", times);
  int faster = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const Seconds b = first_update(batch, 8, Seed{seed}), l = first_update(learner, 8, Seed{seed});
    REQUIRE(b <= l);
    REQUIRE(l <= first_update(all, 8, Seed{seed}));
    if (b < l) ++faster;
  }
  CHECK(faster > 0);  // a fast learner's second mini-batch does count
}

TEST_CASE("where times are new longer than used, not cancelling gives more updates") {
  const std::string shifted =
      R"({"distribution": {"kind": "shifted_exponential", "shift": "0.5 s", "mean_excess": "1 s"}})";
  CHECK(updates_per_second(with_k("k_async", 4), shifted) > 1.1 * updates_per_second(with_k("k_sync", 4), shifted));
  CHECK(updates_per_second(with_k("k_batch_async", 4), shifted) >
        1.1 * updates_per_second(with_k("k_batch_sync", 4), shifted));
}

TEST_CASE("a heavy tail reverses it: cancelling frees learners from times that will not end") {
  const std::string tail = R"({"distribution": {"kind": "lognormal", "cv2": 16}})";
  CHECK(updates_per_second(with_k("k_sync", 4), tail) > 1.1 * updates_per_second(with_k("k_async", 4), tail));
  CHECK(updates_per_second(with_k("k_batch_sync", 4), tail) >
        1.1 * updates_per_second(with_k("k_batch_async", 4), tail));
  CHECK(updates_per_second(with_k("k_sync", 1), tail) > 1.1 * updates_per_second(R"("async")", tail));
}

TEST_CASE("theory says nothing where its assumptions do not hold") {
  const auto expected = [](const std::string& variant, const std::string& compute) {
    const Setting s = setting(variant, compute);
    return s.variant->expectation(s.compute, 8);
  };
  const std::string slow = R"({"distribution": "exponential", "slow_phases": {}})";
  CHECK(!expected(R"("sync")", slow).iteration);
  CHECK(!expected(R"("async")", slow).iteration);
  CHECK(!expected(R"("async")", slow).fresh);
  CHECK(expected(R"("async")", slow).staleness == 7.0);  // on every path, in the long run
  const std::string unequal = R"({"distribution": "exponential", "factors": [1, 2]})";
  CHECK(!expected(with_k("k_sync", 4), unequal).iteration);
  CHECK(!expected(with_k("k_batch_sync", 4), unequal).iteration);
  CHECK(!expected(R"({"kind": "ssp", "s": 3})", unequal).iteration);
  const std::string no_mean = R"({"distribution": {"kind": "pareto", "shape": 0.9}})";
  CHECK(!expected(R"("async")", no_mean).iteration);
  for (const std::string& v : {std::string(R"("async")"), with_k("k_async", 4), with_k("k_batch_async", 4)})
    CHECK(!expected(v, no_mean).staleness);
  CHECK(expected(with_k("k_async", 8), no_mean).staleness == 0.0);  // it waits for all
  CHECK(!expected(R"("sync")", no_mean).iteration);
  CHECK(!expected(R"({"kind": "local_sgd", "tau": 4})", R"({"distribution": "lognormal"})").iteration);
  const std::string shifted = R"({"distribution": "shifted_exponential"})";
  CHECK(expected(with_k("k_batch_sync", kMostSummed), shifted).iteration);
  CHECK(!expected(with_k("k_batch_sync", 10'000), shifted).iteration);  // beyond what is summed up
  CHECK(expected(with_k("k_batch_sync", 10'000), R"({"distribution": "exponential"})").iteration);
  const std::string unequal_tails = R"({"distribution": {"kind": "pareto", "shape": 1.1}, "factors": [1, 2]})";
  CHECK(!expected(R"("sync")", unequal_tails).iteration);
}

/// The larger of X and 2 Y, both Pareto with minimum m = 1 s and shape a: it exceeds t >= 2 m with probability
/// t^-a + (t/2)^-a - (t^2/2)^-a, and 2 m always: E = 2 + (2^(1-a) + 2) / (a - 1) - 2^(1-a) / (2a - 1).
TEST_CASE("the slower of two unequal learners with Pareto times is as slow as by hand") {
  for (const double a : {2.1, 3.0, 6.0}) {
    const Setting s = setting(R"("sync")", R"({"distribution": {"kind": "pareto", "minimum": "1 s", "shape": )" +
                                               std::to_string(a) + R"(}, "factors": [1, 2]})");
    const double two = std::pow(2.0, 1.0 - a);
    const double expected = 2.0 + (two + 2.0) / (a - 1.0) - two / (2.0 * a - 1.0);
    INFO("shape " << a);
    CHECK(s.variant->expectation(s.compute, 2).iteration.value().value() == Approx(expected).epsilon(1e-7));
  }
}
