// Update rules, schedules and corrections against their equations.
#include "workloads/learn/updater.hpp"

#include <catch2/catch.hpp>
#include <cmath>

using namespace orrery;
using namespace orrery::learn;

namespace {

Vector vector(std::initializer_list<float> values) {
  Vector v(static_cast<Eigen::Index>(values.size()));
  Eigen::Index i = 0;
  for (const float x : values) v[i++] = x;
  return v;
}

UpdateConfig with(const model::OptimizerConfig& optimizer) {
  UpdateConfig config;
  config.optimizer = optimizer;
  return config;
}

}  // namespace

TEST_CASE("with one fresh gradient an update is plain SGD, bit for bit") {
  RngStream draws = stream(Seed{1}, "gradients");
  Vector weights = Vector::Zero(37), expected = weights;
  Updater updater(with(model::SgdConfig{0.05}), weights.size());
  for (int n = 0; n < 50; ++n) {
    Vector gradient(weights.size());
    for (auto& g : gradient) g = static_cast<float>(draws.normal());
    updater.add(gradient, 0);
    updater.update(weights, n);
    for (Eigen::Index i = 0; i < expected.size(); ++i) expected[i] -= static_cast<float>(0.05) * gradient[i];
  }
  CHECK(weights == expected);
  CHECK(updater.updates() == 50);
}

TEST_CASE("several gradients are averaged") {
  Vector weights = vector({1.0F, 1.0F});
  Updater updater(with(model::SgdConfig{0.5}), 2);
  updater.add(vector({1.0F, 0.0F}), 0);
  updater.add(vector({3.0F, 2.0F}), 5);
  updater.update(weights, 0.0);
  CHECK(weights == vector({0.0F, 0.5F}));
  updater.add(vector({2.0F, 2.0F}), 0);  // nothing is left of those before
  updater.update(weights, 0.0);
  CHECK(weights == vector({-1.0F, -0.5F}));
}

TEST_CASE("momentum keeps a velocity") {
  // v1 = g, v2 = 0.5 g + g: weights fall by eta (1 + 1.5) g.
  Vector weights = vector({0.0F});
  Updater updater(with(model::MomentumConfig{0.25, 0.5}), 1);
  for (int n = 0; n < 2; ++n) {
    updater.add(vector({4.0F}), 0);
    updater.update(weights, 0.0);
  }
  CHECK(weights[0] == -0.25F * 2.5F * 4.0F);
}

TEST_CASE("Adam's step has the size of the learning rate whatever the gradient's") {
  // With a constant gradient both corrected moments are exact: m = g, v = g^2, so each step is eta g / (|g| + eps).
  for (const float g : {1e-3F, 1.0F, 250.0F}) {
    Vector weights = vector({0.0F});
    Updater updater(with(model::AdamConfig{0.01, 0.9, 0.999, 1e-8}), 1);
    for (int n = 0; n < 10; ++n) {
      updater.add(vector({-g}), 0);
      updater.update(weights, 0.0);
    }
    CHECK(weights[0] == Approx(0.1).epsilon(1e-4));
  }
}

TEST_CASE("the learning rate follows its schedule after a linear warm-up") {
  UpdateConfig config = with(model::SgdConfig{0.4});
  const auto rate = [&config](double epochs) { return Updater(config, 1).learning_rate(epochs); };
  CHECK(rate(7.0) == 0.4);
  config.schedule = StepRate{10.0, 0.5};
  CHECK(rate(9.99) == 0.4);
  CHECK(rate(10.0) == Approx(0.2));
  CHECK(rate(35.0) == Approx(0.05));
  config.schedule = CosineRate{20.0, 0.1};
  for (const double epochs : {0.0, 3.0, 10.0, 19.0}) {
    CHECK(rate(epochs) == Approx(0.4 * (0.1 + 0.9 * 0.5 * (1.0 + std::cos(3.14159265358979 * epochs / 20.0)))));
  }
  CHECK(rate(50.0) == Approx(0.04));
  config.schedule = InverseRate{4.0};
  CHECK(rate(4.0) == Approx(0.2));
  config.warm_up = 8.0;
  CHECK(rate(0.0) == 0.0);
  CHECK(rate(4.0) == Approx(0.1));
}

TEST_CASE("decoupled weight decay shrinks the weights by learning rate times decay") {
  UpdateConfig config = with(model::SgdConfig{0.5});
  config.weight_decay = 0.25;
  Vector weights = vector({8.0F});
  Updater updater(config, 1);
  updater.add(vector({2.0F}), 0);
  updater.update(weights, 0.0);
  CHECK(weights[0] == 8.0F * (1.0F - 0.125F) - 1.0F);
}

TEST_CASE("a stale gradient's step is corrected for its staleness") {
  const auto step = [](StalenessCorrection correction, std::int64_t staleness) {
    UpdateConfig config = with(model::SgdConfig{1.0});
    config.staleness = correction;
    Vector weights = vector({0.0F});
    Updater updater(config, 1);
    updater.add(vector({-12.0F}), staleness);
    updater.update(weights, 0.0);
    return weights[0];
  };
  CHECK(step(StalenessCorrection::none, 5) == 12.0F);
  CHECK(step(StalenessCorrection::inverse, 0) == 12.0F);
  CHECK(step(StalenessCorrection::inverse, 1) == 12.0F);
  CHECK(step(StalenessCorrection::inverse, 4) == 3.0F);
  CHECK(step(StalenessCorrection::damped, 0) == 12.0F);
  CHECK(step(StalenessCorrection::damped, 3) == 3.0F);
}

/// Adam divides by the size of its gradients, so that scaling them would do nothing: with gradients of one sign and
/// size each step is the learning rate times the mean correction, 1/4 or that of 1 and 1/4.
TEST_CASE("a stale gradient's step is corrected under Adam as well") {
  UpdateConfig config = with(model::AdamConfig{0.01, 0.9, 0.999, 1e-8});
  config.staleness = StalenessCorrection::damped;
  Vector weights = vector({0.0F});
  Updater updater(config, 1);
  for (int n = 0; n < 10; ++n) {
    updater.add(vector({-2.0F}), 3);
    updater.update(weights, 0.0);
  }
  CHECK(weights[0] == Approx(10 * 0.01 / 4).epsilon(1e-4));
  for (int n = 0; n < 10; ++n) {
    updater.add(vector({-2.0F}), 0);
    updater.add(vector({-2.0F}), 3);
    updater.update(weights, 0.0);
  }
  CHECK(weights[0] == Approx(10 * 0.01 / 4 + 10 * 0.01 * 0.625).epsilon(1e-4));
}
