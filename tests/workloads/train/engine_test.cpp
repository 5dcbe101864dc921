#include "workloads/train/engine.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "sim/base/stats.hpp"
#include "tests/workloads/train/synthetic_costs.hpp"
#include "workloads/model/builder.hpp"

namespace orrery::train {
namespace {

TrainSpec small_mlp(int ranks) {
  TrainSpec spec;
  spec.model = model::MlpConfig{16, {16}, 16};
  spec.batch_per_rank = 4;
  spec.ranks = ranks;
  spec.bucket = Bytes(1.0);
  spec.steps = 5;
  spec.noise = false;
  return spec;
}

double seconds(Seconds time) {
  return time.value();
}

TEST_CASE("C12: buckets overlap with backward as f_i = max(f_i-1, g_i) + c_i") {
  std::ifstream file(std::string(ORRERY_SOURCE_DIR) + "/tests/oracles/ddp.json");
  const auto oracle = nlohmann::json::parse(file).at("C12.ddp.overlap");
  const auto ready = oracle["inputs"]["grad_ready"].get<std::vector<double>>();
  std::vector<double> compute;
  for (std::size_t i = 0; i < ready.size(); ++i) compute.push_back(ready[i] - (i > 0 ? ready[i - 1] : 0.0));
  const HandMadeStep step(compute, oracle["inputs"]["comm"].get<std::vector<double>>());

  TrainSpec spec = small_mlp(2);
  spec.steps = 1;
  observe::Trace off;
  const Timeline timeline = run_steps(spec, step.graph, step.buckets, step.times, off);
  REQUIRE(seconds(timeline.steps[0]) == oracle["expected"]["finish"].get<double>());
  REQUIRE(seconds(timeline.critical.exposed_communication) == oracle["expected"]["exposed"].get<double>());
  REQUIRE(seconds(timeline.critical.backward) == ready.back());
  REQUIRE(seconds(timeline.critical.waiting) == 0.0);
}

TEST_CASE("without overlap compute and communication add up") {
  // 4 + 3, 4 + 6, 4 + 6, 4 + 3 = 34
  const HandMadeStep step({4, 4, 4, 4}, {3, 6, 6, 3});
  TrainSpec spec = small_mlp(2);
  spec.overlap = false;
  spec.steps = 3;
  observe::Trace off;
  const Timeline timeline = run_steps(spec, step.graph, step.buckets, step.times, off);
  for (const Seconds time : timeline.steps) REQUIRE(seconds(time) == Approx(34.0).epsilon(1e-12));
  REQUIRE(seconds(timeline.critical.exposed_communication) == Approx(18.0).epsilon(1e-12));
}

TEST_CASE("communication that ends before the gradients is hidden but for the last bucket") {
  // Ready at 10, 20, 30; transfers of 2: only the last one, 30..32, is exposed.
  const HandMadeStep step({10, 10, 10}, {2, 2, 2});
  observe::Trace off;
  TrainSpec spec = small_mlp(3);
  const Timeline timeline = run_steps(spec, step.graph, step.buckets, step.times, off);
  REQUIRE(seconds(timeline.critical.exposed_communication) == Approx(2.0));
  REQUIRE(seconds(timeline.steps[0]) == 32.0);
}

TEST_CASE("without noise a step of one rank is the sum of its operators") {
  // mlp 16-16-16: load, 2 (gemm, bias), relu, loss | bias gradient, dW, dx, relu backward, bias gradient, dW
  // | sgd
  const ConstantCosts costs;
  const TrainResult result = simulate(small_mlp(1), costs);
  REQUIRE(result.nodes == 14);
  REQUIRE(seconds(result.median_step) == Approx(14e-3).epsilon(1e-12));
  REQUIRE(seconds(result.breakdown.forward) == Approx(7e-3).epsilon(1e-12));
  REQUIRE(seconds(result.breakdown.backward) == Approx(6e-3).epsilon(1e-12));
  REQUIRE(seconds(result.breakdown.update) == Approx(1e-3).epsilon(1e-12));
  REQUIRE(seconds(result.breakdown.exposed_communication) == 0.0);
  REQUIRE(result.samples_per_s == Approx(4 / 14e-3));
  REQUIRE(result.buckets == 0);
}

TEST_CASE("two ranks that always take the same time never wait for each other") {
  for (const bool overlap : {true, false}) {
    TrainSpec spec = small_mlp(2);
    spec.overlap = overlap;
    const ConstantCosts costs;
    const TrainResult result = simulate(spec, costs);
    REQUIRE(result.buckets == 4);
    REQUIRE(seconds(result.breakdown.waiting) == 0.0);
    for (const RankStep& step : result.rank_steps) REQUIRE(seconds(step.time.waiting) == 0.0);
    // Without overlap four transfers of 2 ms stand between the operators. With it the buckets are ready 1, 2,
    // 5 and 6 ms into backward (bias, weight, then input gradient and relu between the layers): 3, 5, 7, 9: 3
    // ms are exposed.
    const double exposed = overlap ? 3e-3 : 8e-3;
    REQUIRE(seconds(result.breakdown.exposed_communication) == Approx(exposed).epsilon(1e-12));
    REQUIRE(seconds(result.median_step) == Approx(15e-3 + exposed).epsilon(1e-12));
  }
}

TEST_CASE("waiting before an all-reduce has the mean of a maximum of exponentials") {
  // n ranks compute for independent Exp(1) and meet. A rank waits max_i X_i - X_r; its mean is H_n - 1 with
  // the harmonic number H_n. Steps are independent, because all ranks leave the collective together.
  for (const int ranks : {2, 4}) {
    HandMadeStep step({1.0}, {0.5});
    const cost::Noise exponential = exponential_noise();
    step.times.nodes[0].noise = &exponential;
    TrainSpec spec = small_mlp(ranks);
    spec.steps = 4000;
    spec.noise = true;
    observe::Trace off;
    const Timeline timeline = run_steps(spec, step.graph, step.buckets, step.times, off);
    std::vector<double> waiting(static_cast<std::size_t>(spec.steps), 0.0), duration;
    for (const RankStep& rank : timeline.rank_steps) {
      waiting[static_cast<std::size_t>(rank.step)] += seconds(rank.time.waiting) / ranks;
    }
    for (const Seconds time : timeline.steps) duration.push_back(seconds(time));
    double harmonic = 0.0;
    for (int i = 1; i <= ranks; ++i) harmonic += 1.0 / i;
    REQUIRE(mean_interval(waiting, 0.999).contains(harmonic - 1.0));
    REQUIRE(mean_interval(duration, 0.999).contains(harmonic + 0.5));
    REQUIRE(seconds(timeline.critical.total()) == Approx(mean_interval(duration).centre).epsilon(1e-9));
  }
}

TEST_CASE("the parts of every step sum to its time, with noise, on all ranks") {
  ConstantCosts costs;
  costs.op_noise = costs.transfer_noise = exponential_noise();
  for (const bool overlap : {true, false}) {
    TrainSpec spec = small_mlp(3);
    spec.noise = true;
    spec.overlap = overlap;
    spec.steps = 50;
    const TrainResult result = simulate(spec, costs);
    for (const RankStep& step : result.rank_steps) {
      REQUIRE(seconds(step.time.total()) == Approx(seconds(step.end - step.start)).epsilon(1e-9));
    }
    REQUIRE(seconds(result.breakdown.total()) == Approx(seconds(result.median_step)).epsilon(1e-12));
    Seconds run;
    for (const Seconds step : result.steps) run += step;
    SimTime end;
    for (const RankStep& step : result.rank_steps) end = std::max(end, step.end);
    REQUIRE(seconds(run) == Approx(seconds(end.seconds())).epsilon(1e-12));
  }
}

TEST_CASE("same seed, same result; another seed, another; tracing changes nothing") {
  ConstantCosts costs;
  costs.op_noise = exponential_noise();
  TrainSpec spec = small_mlp(2);
  spec.noise = true;
  const TrainResult first = simulate(spec, costs);
  observe::Trace trace(true);
  const TrainResult traced = simulate(spec, costs, &trace);
  REQUIRE(first.steps == simulate(spec, costs).steps);
  REQUIRE(first.steps == traced.steps);
  spec.seed = Seed{2};
  REQUIRE(first.steps != simulate(spec, costs).steps);

  // Two ranks, 5 steps: 15 operators and 4 transfers each, and spans of waiting.
  std::size_t waits = 0;
  for (const RankStep& step : traced.rank_steps) REQUIRE(step.end > step.start);
  for (const auto& span : trace.spans()) waits += trace.text(span.name) == "waiting for other ranks";
  REQUIRE(waits > 0);
  REQUIRE(trace.spans().size() == 2 * 5 * (15 + 4) + waits);
  REQUIRE(trace.tracks().size() == 4);
}

TEST_CASE("a change in one rank's future leaves the other draws alone") {
  // Draws are addressed by (rank, step, node): rank 0 and 1 of a three-rank run compute for exactly as long
  // as in a two-rank run.
  HandMadeStep step({1.0}, {0.5});
  const cost::Noise exponential = exponential_noise();
  step.times.nodes[0].noise = &exponential;
  TrainSpec spec = small_mlp(2);
  spec.noise = true;
  observe::Trace off;
  const Timeline two = run_steps(spec, step.graph, step.buckets, step.times, off);
  spec.ranks = 3;
  const Timeline three = run_steps(spec, step.graph, step.buckets, step.times, off);
  for (std::size_t i = 0; i < 5; ++i) {
    REQUIRE(seconds(two.rank_steps[2 * i].time.backward) ==
            Approx(seconds(three.rank_steps[3 * i].time.backward)).margin(2e-9));
  }
}

}  // namespace
}  // namespace orrery::train
