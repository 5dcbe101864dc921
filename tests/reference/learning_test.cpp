// Learning on real data, to the figures that the trainer promises. Minutes with sanitizers, so it runs in the
// release preset only, as its own test (label "learning").
#include <catch2/catch.hpp>

#include "calibrate/local_communicator.hpp"
#include "validate/reference/trainer.hpp"

using namespace orrery;
using namespace orrery::reference;

TEST_CASE("MLP 784-256-10 classifies at least 84 % of the test images after two epochs", "[.][learning]") {
  TrainConfig config;
  config.model = model::MlpConfig{784, {256}, 10};
  config.optimizer = model::MomentumConfig{0.05, 0.9};
  config.batch = 128;
  config.data = {"fashion_mnist", ""};
  config.steps = 2 * (60000 / 128);
  calibrate::LocalCommunicator alone;
  const TrainRun run = train(config, {}, alone);
  WARN("test accuracy " << run.test->accuracy << ", loss " << run.test->loss);
  CHECK(run.test->labels == 10000);
  CHECK(run.test->accuracy >= 0.84);
}

TEST_CASE("a GPT of 4 layers, width 128 predicts text better than any bigram model", "[.][learning]") {
  TrainConfig config;
  config.model = model::GptConfig{4, 128, 4, 128, 96};
  config.optimizer = model::AdamConfig{.learning_rate = 1e-3};
  config.batch = 4;
  config.data = {"text", ""};
  config.steps = 1200;
  calibrate::LocalCommunicator alone;
  const TrainRun run = train(config, {}, alone);
  WARN("test loss " << run.test->loss << " nats, bigram entropy " << *run.bigram_entropy << " nats");
  CHECK(run.test->loss < *run.bigram_entropy);
}
