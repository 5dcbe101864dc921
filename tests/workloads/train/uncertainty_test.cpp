#include "workloads/train/uncertainty.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/workloads/train/synthetic_costs.hpp"
#include "workloads/train/engine.hpp"
#include "workloads/train/sensitivity.hpp"

namespace orrery::train {
namespace {

TimedWork work(const char* group, double time, double error) {
  return {group, {Seconds(time), error, cost::Source::fitted}, nullptr};
}

TEST_CASE("errors add up within an operator class and in squares between classes") {
  // gemm: 3 * 0.1 + 1 * 0.2 = 0.5; adam: 4 * 0.3 = 1.2; sqrt(0.25 + 1.44) / 8 = 1.3 / 8
  StepTimes times;
  times.nodes = {work("gemm_nn", 3, 0.1), work("gemm_nn", 1, 0.2), work("adam", 4, 0.3)};
  const Uncertainty result = uncertainty(times, 0.0, 0.05, {});
  REQUIRE(result.model == Approx(1.3 / 8));
  REQUIRE(result.drift == 0.05);
  REQUIRE(result.sampling == 0.0);
  REQUIRE(result.total() == Approx(std::sqrt(1.69 / 64 + 0.0025)));
}

TEST_CASE("hidden communication adds no error") {
  // Half of the transfer of 2 s is exposed: 1 * 0.4 against compute of 4 s without error: 0.4 / 5.
  StepTimes times;
  times.nodes = {work("copy", 4, 0.0)};
  times.buckets = {work("all_reduce", 2, 0.4)};
  REQUIRE(uncertainty(times, 0.5, 0.0, {}).model == Approx(0.4 / 5));
  REQUIRE(uncertainty(times, 0.0, 0.0, {}).model == 0.0);
}

TEST_CASE("the median of a run varies by 1.2533 s / sqrt(n), in both runs") {
  // Steps 1..101 (in units of 0.01 s): median 51, median absolute deviation 25 (by symmetry, of 0..50 twice).
  std::vector<Seconds> steps;
  for (int i = 1; i <= 101; ++i) steps.emplace_back(0.01 * i);
  const double expected = std::sqrt(2.0) * 1.2533 * 1.4826 * 25 / std::sqrt(101.0) / 51;
  REQUIRE(uncertainty(StepTimes{}, 0.0, 0.0, steps).sampling == Approx(expected).epsilon(1e-9));
}

TEST_CASE("the 80 % limits of a lognormal error are exp(-+1.2816 s)") {
  const Limits80 limits = limits80(Seconds(2.0), 0.1);
  REQUIRE(limits.low.value() == Approx(2.0 * std::exp(-0.12815515655446)));
  REQUIRE(limits.high.value() == Approx(2.0 * std::exp(0.12815515655446)));
}

TrainSpec two_ranks() {
  TrainSpec spec;
  spec.model = model::MlpConfig{16, {16}, 16};
  spec.batch_per_rank = 4;
  spec.ranks = 2;
  spec.overlap = false;
  spec.bucket = Bytes(1.0);
  spec.steps = 4;
  spec.noise = false;
  return spec;
}

TEST_CASE("twice as fast communication saves half of the exposed communication") {
  // 15 operators of 1 ms, 5 of them matrix products, 4 transfers of 2 ms: 23 ms. Halves: transfers 19 ms (-17
  // %), memory-bound 18 ms (-22 %), products 20.5 ms (-11 %).
  const ConstantCosts costs;
  const auto list = sensitivities(two_ranks(), costs);
  REQUIRE(list.size() == 3);
  REQUIRE(list[0].what == "memory-bound operators");
  REQUIRE(list[0].median_step.value() == Approx(18e-3));
  REQUIRE(list[1].what == "communication");
  REQUIRE(list[1].median_step.value() == Approx(19e-3));
  REQUIRE(list[2].median_step.value() == Approx(20.5e-3));
  REQUIRE(list[2].change == Approx(-2.5 / 23));
  const TrainResult result = simulate(two_ranks(), costs);
  REQUIRE(bottleneck_sentence(result, list) ==
          "Step 23.0 ms: 57 % forward and backward, 9 % update, 35 % exposed all-reduce, 0 % waiting for "
          "other ranks; "
          "memory-bound operators 2x faster would give 18.0 ms (-22 %).");
}

TEST_CASE("the share of time by source counts what the step waits for") {
  // 15 ms fitted, 8 ms extrapolated (see ConstantCosts).
  const TrainResult result = simulate(two_ranks(), ConstantCosts());
  REQUIRE(result.sources.size() == 2);
  REQUIRE(result.sources[0].source == cost::Source::fitted);
  REQUIRE(result.sources[0].share == Approx(15.0 / 23));
  REQUIRE(result.sources[1].source == cost::Source::extrapolated);
  // Interval: (15 * 0.1)^2 over the operator classes and (8 * 0.2)^2; one op class each for 8 kinds.
  REQUIRE(result.low < result.median_step);
  REQUIRE(result.high > result.median_step);
  REQUIRE(result.uncertainty.drift == 0.03);
}

}  // namespace
}  // namespace orrery::train
