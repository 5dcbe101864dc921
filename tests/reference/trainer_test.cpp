// The trainer: it learns, it repeats itself bit for bit, ranks agree with one rank, and its record says when
// what happened. Cases tagged [.two-ranks] are hidden: a test here starts this very binary on two ranks to
// run them.
#include "validate/reference/trainer.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <sstream>

#include "calibrate/backends/cpu/launch.hpp"
#include "calibrate/local_communicator.hpp"
#include "calibrate/backends/cpu/mpi_session.hpp"
#include "sim/base/error.hpp"
#include "tests/reference/tiny_configs.hpp"
#include "workloads/model/builder.hpp"
#include "workloads/parallel/buckets.hpp"

using namespace orrery;
using namespace orrery::reference;
using namespace orrery::reference_tests;
using Catch::Contains;

namespace {

TrainRun train_alone(const TrainConfig& config, const TrainOptions& options = {}) {
  calibrate::LocalCommunicator alone;
  return train(config, options, alone);
}

calibrate::Communicator& world() {
  static cpu::MpiSession session;
  return session.world();
}

double mean_of_last(const std::vector<double>& values, std::size_t count) {
  double sum = 0.0;
  for (std::size_t i = values.size() - count; i < values.size(); ++i) sum += values[i];
  return sum / static_cast<double>(count);
}

/// On one rank of several, against one rank alone with the same global batch.
void check_same_losses_as_alone(TrainConfig config) {
  TrainOptions options;
  options.evaluate = false;
  const TrainRun together = train(config, options, world());
  const TrainRun alone = train_alone(config, options);
  // The sums over samples are rounded in another order: fp32 has 6e-8 per operation, a few hundred operations
  // in a row, and optimizer steps carry small differences on.
  REQUIRE(together.losses.size() == alone.losses.size());
  for (std::size_t i = 0; i < alone.losses.size(); ++i) {
    CHECK(together.losses[i] == Approx(alone.losses[i]).epsilon(2e-5));
  }
  CHECK(together.losses.back() < alone.losses.front());
}

}  // namespace

TEST_CASE("a tiny MLP and a tiny GPT start at ln(classes) and learn a small data set") {
  SECTION("mlp") {
    TrainConfig config = tiny_mlp();
    config.steps = 200;
    const TrainRun run = train_alone(config);
    CHECK(mean_of_last(run.losses, 20) < 0.25 * run.losses.front());
    REQUIRE(run.test.has_value());
    CHECK(run.test->labels == 2048);
    CHECK(run.test->accuracy > 0.9);
  }
  SECTION("gpt") {
    TrainConfig config = tiny_gpt();
    config.steps = 400;
    config.optimizer = model::AdamConfig{.learning_rate = 1e-2};
    TrainOptions options;
    options.evaluate = false;
    const TrainRun run = train_alone(config, options);
    CHECK(run.losses.front() == Approx(std::log(12.0)).epsilon(0.05));
    CHECK(mean_of_last(run.losses, 20) < 1.1 * *run.bigram_entropy);
  }
}

TEST_CASE("each optimizer lowers the loss") {
  TrainConfig config = tiny_mlp();
  config.steps = 60;
  for (const model::OptimizerConfig& optimizer :
       {model::OptimizerConfig(model::SgdConfig{0.1}),
        model::OptimizerConfig(model::MomentumConfig{0.05, 0.9}),
        model::OptimizerConfig(model::AdamConfig{.learning_rate = 1e-2})}) {
    config.optimizer = optimizer;
    const TrainRun run = train_alone(config);
    CHECK(mean_of_last(run.losses, 10) < 0.6 * run.losses.front());
  }
}

TEST_CASE("the same configuration gives the same losses bit for bit, another seed other ones") {
  for (TrainConfig config : {tiny_mlp(), tiny_gpt()}) {
    const TrainRun first = train_alone(config);
    const TrainRun second = train_alone(config);
    CHECK(first.losses == second.losses);
    CHECK(first.test->loss == second.test->loss);
    config.seed = 2;
    CHECK(train_alone(config).losses != first.losses);
  }
}

TEST_CASE("a run's record has one entry per step, in order of time") {
  TrainOptions options;
  options.traced_steps = 2;
  const TrainRun run = train_alone(tiny_gpt(), options);
  REQUIRE(run.logs.size() == 1);
  REQUIRE(run.logs[0].steps.size() == 12);
  CHECK(run.losses.size() == 12);
  double now = 0.0;
  for (const StepLog& step : run.logs[0].steps) {
    CHECK(step.buckets.empty());
    for (const double moment : {step.start, step.input, step.forward, step.backward, step.end}) {
      CHECK(moment >= now);
      now = moment;
    }
  }
  // Every node of the last two steps was timed.
  CHECK(run.logs[0].nodes.size() == 2 * run.node_names.size());
  CHECK(run.logs[0].nodes.front().step == 10);
}

TEST_CASE("an indivisible batch and a batch beyond the data are wrong input, with values that work") {
  TrainConfig config = tiny_mlp();
  config.batch = 130;
  CHECK_THROWS_WITH(check_config(config, {}, 4), Contains("$.batch: 130") && Contains("use 128 or 132"));
  config.batch = 3;
  CHECK_THROWS_WITH(check_config(config, {}, 4), Contains("use 4"));
  config.batch = 100000;
  CHECK_THROWS_WITH(check_config(config, {}, 4), Contains("8192 training samples"));
  CHECK_THROWS_AS(check_config(config, {}, 4), ScenarioError);
  config.batch = 8;
  CHECK_NOTHROW(check_config(config, {}, 4));
}

TEST_CASE("a model that cannot be built is found before training") {
  TrainConfig config = tiny_gpt();
  config.model = model::GptConfig{1, 16, 3, 8, 12};
  CHECK_THROWS_WITH(check_config(config, {}, 1), Contains("does not divide"));
}

TEST_CASE("the two-rank cases of this binary pass under mpirun") {
  REQUIRE_FALSE(cpu::MpiSession::is_launched());
  cpu::LaunchSite site = cpu::this_process();
  site.arguments = {"[two-ranks]", "--use-colour", "no"};
  CHECK(cpu::launch_ranks(2, site) == 0);
}

TEST_CASE("two ranks get the losses of one rank with the same global batch", "[.][two-ranks]") {
  REQUIRE(world().size() == 2);
  SECTION("mlp") {
    check_same_losses_as_alone(tiny_mlp());
  }
  SECTION("mlp, one bucket for all gradients") {
    TrainConfig config = tiny_mlp();
    config.bucket = Bytes(1e9);
    check_same_losses_as_alone(config);
  }
  SECTION("gpt") {
    check_same_losses_as_alone(tiny_gpt());
  }
}

TEST_CASE("two ranks repeat their losses and their score bit for bit", "[.][two-ranks]") {
  const TrainRun first = train(tiny_gpt(), {}, world());
  const TrainRun second = train(tiny_gpt(), {}, world());
  CHECK(first.losses == second.losses);
  CHECK(first.test->loss == second.test->loss);
}

TEST_CASE("rank 0 records each exchange of both ranks, inside the backward pass", "[.][two-ranks]") {
  const TrainConfig config = tiny_mlp();
  const TrainRun run = train(config, {}, world());
  if (world().rank() != 0) return;
  const auto graph = model::build(config.model, 6, cost::OptimizerKind::momentum, 2);
  const auto buckets = parallel::plan_buckets(graph, config.bucket);
  REQUIRE(buckets.size() >= 2);
  REQUIRE(run.logs.size() == 2);
  CHECK(run.test->labels == 2048);
  for (std::size_t i = 0; i < 20; ++i) {
    for (int rank = 0; rank < 2; ++rank) {
      const StepLog& step = run.logs[static_cast<std::size_t>(rank)].steps[i];
      REQUIRE(step.buckets.size() == buckets.size());
      CHECK(step.buckets.front().begin >= step.forward);
      CHECK(step.buckets.back().end <= step.backward);
      const StepParts parts = step_parts(run, rank, i);
      CHECK(parts.total() == Approx(step.end - step.start));
      CHECK(parts.communication > 0.0);
      CHECK(parts.waiting >= 0.0);
    }
    // An all-reduce ends on no rank before the last one has entered it.
    for (std::size_t b = 0; b < buckets.size(); ++b) {
      const Span one = run.logs[0].steps[i].buckets[b];
      const Span other = run.logs[1].steps[i].buckets[b];
      CHECK(one.end >= other.begin);
      CHECK(other.end >= one.begin);
    }
  }
}
