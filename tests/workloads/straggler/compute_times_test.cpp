// Compute times of a group of learners: addressed draws, lasting factors, slow phases.
#include "workloads/straggler/compute_times.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "sim/base/stats.hpp"

namespace orrery::straggler {
namespace {

StragglerConfig constant_times() {
  StragglerConfig config;
  config.distribution.select("constant");  // 1 s
  return config;
}

}  // namespace

TEST_CASE("the n-th mini-batch of a learner takes the same time whatever the others do and whenever it begins") {
  const StragglerConfig config;
  ComputeTimes lone(config, 4, Seed{7});
  ComputeTimes busy(config, 8, Seed{7});
  for (int n = 0; n < 100; ++n) {
    for (int other : {0, 1, 3, 7}) busy.draw(other, Seconds(n));
    CHECK(lone.draw(2, Seconds(0.0)) == busy.draw(2, Seconds(n)));
  }
  ComputeTimes another_seed(config, 4, Seed{8});
  CHECK(another_seed.draw(2, Seconds(0.0)) != ComputeTimes(config, 4, Seed{7}).draw(2, Seconds(0.0)));
}

TEST_CASE("factors multiply each learner's times and repeat in turn when there are fewer than learners") {
  StragglerConfig config;
  ComputeTimes plain(config, 5, Seed{1});
  config.factors = {1.0, 2.5};
  ComputeTimes times(config, 5, Seed{1});
  const std::vector<double> expected{1.0, 2.5, 1.0, 2.5, 1.0};
  for (int i = 0; i < 5; ++i) {
    const double factor = expected[static_cast<std::size_t>(i)];
    CHECK(times.factor(i) == factor);
    CHECK(times.draw(i, Seconds(0.0)) == plain.draw(i, Seconds(0.0)) * factor);
  }
}

// The chain is in its stationary state at all times, so P(slow at t) = slow / (normal + slow) for every t, also at 0.
TEST_CASE("a learner is slow for the stationary share of time from the first mini-batch on") {
  StragglerConfig config = constant_times();
  config.slow_phases = SlowPhases{4.0, Seconds(6.0), Seconds(2.0)};
  std::vector<double> at_start;
  std::vector<double> over_time;
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    ComputeTimes times(config, 4, Seed{seed});
    RunningStats share;
    for (int step = 0; step < 100; ++step) {
      const double time = times.draw(1, Seconds(step)).value();
      REQUIRE((time == 1.0 || time == 4.0));
      share.add(time == 4.0 ? 1.0 : 0.0);
      if (step == 0) at_start.push_back(share.mean());
    }
    over_time.push_back(share.mean());
  }
  CHECK(mean_interval(at_start, 0.999).contains(0.25));
  CHECK(mean_interval(over_time, 0.999).contains(0.25));
}

// Phases are exponential, hence memoryless: a learner that is slow at t is still slow at t + d, without a change in
// between or after several, with probability s + (1 - s) e^(-d (1/normal + 1/slow)), s the stationary share.
TEST_CASE("slow phases last as long as the two-state Markov chain says") {
  StragglerConfig config = constant_times();
  config.slow_phases = SlowPhases{2.0, Seconds(6.0), Seconds(2.0)};
  const double d = 1.0;
  const double expected = 0.25 + 0.75 * std::exp(-d * (1.0 / 6.0 + 1.0 / 2.0));
  std::vector<double> still_slow;
  for (std::uint64_t seed = 1; seed <= 20000; ++seed) {
    ComputeTimes times(config, 1, Seed{seed});
    if (times.draw(0, Seconds(3.0)) != Seconds(2.0)) continue;
    still_slow.push_back(times.draw(0, Seconds(3.0 + d)) == Seconds(2.0) ? 1.0 : 0.0);
  }
  CHECK(mean_interval(still_slow, 0.999).contains(expected));
}

TEST_CASE("a run without slow phases and one with them share their draws") {
  StragglerConfig config;
  ComputeTimes plain(config, 2, Seed{3});
  config.slow_phases = SlowPhases{};
  ComputeTimes phased(config, 2, Seed{3});
  for (int n = 0; n < 1000; ++n) {
    const double ratio = phased.draw(1, Seconds(n)) / plain.draw(1, Seconds(n));
    CHECK((ratio == 1.0 || ratio == 4.0));
  }
}

}  // namespace orrery::straggler
