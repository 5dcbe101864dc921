// Facts about single problems and data sets: stable steps, the accuracy that can be reached, where the data come from.
#include <catch2/catch.hpp>
#include <cmath>

#include "sim/base/json_io.hpp"
#include "workloads/learn/digits.hpp"
#include "workloads/learn/mixture.hpp"
#include "workloads/learn/problem.hpp"
#include "workloads/learn/updater.hpp"

using namespace orrery;
using namespace orrery::learn;

namespace {

struct ProblemField {
  Registered<Problem> problem{"quadratic"};
};
template <class V>
void fields(V& v, ProblemField& c) {
  v("problem", c.problem, "");
}
Registered<Problem> problem(const std::string& json) {
  ProblemField field;
  read_json(parse_json(R"({"problem": )" + json + "}", "problem.json"), field);
  return field.problem;
}

Vector trained(Objective& objective, double rate, std::int64_t batch, int updates) {
  RngStream draws = stream(Seed{1}, "training");
  Vector weights, gradient;
  objective.initial(stream(Seed{1}, "start"), weights);
  for (int n = 0; n < updates; ++n) {
    objective.gradient(weights, batch, draws, gradient);
    weights -= static_cast<float>(rate) * gradient;
  }
  return weights;
}

}  // namespace

TEST_CASE("gradient descent is stable just below the stable step and not just above it") {
  // One training sample, or no noise: every mini-batch has the exact gradient.
  const std::string given = GENERATE(
      as<std::string>{}, R"({"kind": "quadratic", "dimensions": 5, "curvature": 4, "condition": 100, "sigma2": 0})",
      R"({"kind": "linear_regression", "features": 3, "train": 1, "l2": 0.5})");
  const auto objective = problem(given)->bind(nullptr);
  const double step = objective->stable_step().value();
  const double start = objective->train_loss(trained(*objective, 0.0, 1, 0), 0);
  CHECK(objective->train_loss(trained(*objective, 0.98 * step, 1, 300), 0) <= start);
  CHECK(objective->train_loss(trained(*objective, 1.02 * step, 1, 300), 0) > 100.0 * start);
}

TEST_CASE("curvatures of a quadratic run geometrically from the steepest to the flattest") {
  const auto objective =
      problem(R"({"kind": "quadratic", "dimensions": 3, "curvature": 4, "condition": 16, "sigma2": 0})")->bind(nullptr);
  RngStream draws = stream(Seed{1}, "unused");
  Vector gradient;
  objective->gradient(Vector::Ones(3), 1, draws, gradient);
  CHECK(gradient[0] == Approx(4.0));
  CHECK(gradient[1] == Approx(1.0));
  CHECK(gradient[2] == Approx(0.25));
}

TEST_CASE("logistic regression tells two normal clouds apart as well as can be: Phi(distance / 2)") {
  const auto objective =
      problem(R"({"kind": "logistic_regression", "distance": 2, "features": 4, "train": 20000, "test": 20000})")
          ->bind(nullptr);
  const Vector weights = trained(*objective, 0.1, 64, 500);
  const double best = 0.5 * std::erfc(-1.0 / std::sqrt(2.0));
  const double noise = std::sqrt(best * (1 - best) / 20000);
  CHECK(std::fabs(*objective->test(weights, 0)->accuracy - best) < 4 * noise);
}

TEST_CASE("linear regression's loss ends at half the variance of the noise") {
  const auto objective =
      problem(R"({"kind": "linear_regression", "noise": 0.5, "features": 4, "train": 20000, "test": 20000})")
          ->bind(nullptr);
  const Score score = objective->test(trained(*objective, 0.02, 32, 1000), 0).value();
  CHECK_FALSE(score.accuracy.has_value());
  CHECK(score.loss == Approx(0.125).epsilon(0.05));
}

TEST_CASE("the digits are those of the UCI repository") {
  const Dataset data = digits_dataset();
  REQUIRE(data.train.count() == 1437);
  REQUIRE(data.test.count() == 360);
  REQUIRE(data.train.features.rows() == 64);
  std::vector<int> counts(10);
  for (const Samples* part : {&data.train, &data.test}) {
    for (const std::int32_t label : part->labels) ++counts[static_cast<std::size_t>(label)];
  }
  CHECK(counts == std::vector<int>{178, 182, 177, 183, 181, 182, 181, 179, 174, 180});
  // Sum of all pixels of the source file, in sixteenths.
  const double sum = data.train.features.cast<double>().sum() + data.test.features.cast<double>().sum();
  CHECK(sum * 16.0 == 561718);
}

TEST_CASE("digits are learned to the accuracy that is known of these models") {
  const Dataset data = digits_dataset();
  const auto softmax = problem(R"("softmax_regression")")->bind(&data);
  CHECK(*softmax->test(trained(*softmax, 0.5, 32, 400), 0)->accuracy > 0.93);
  const auto mlp = problem(R"({"kind": "mlp", "hidden": [24]})")->bind(&data);
  CHECK(*mlp->test(trained(*mlp, 0.3, 32, 600), 0)->accuracy > 0.95);
  const auto is_it_an_8 = problem(R"({"kind": "logistic_regression", "data": "given", "positive": 8})")->bind(&data);
  CHECK(*is_it_an_8->test(trained(*is_it_an_8, 0.5, 32, 600), 0)->accuracy > 0.93);
}

TEST_CASE("two classes of a mixture have their centres exactly that far apart") {
  MixtureConfig config;
  config.classes = 2;
  config.features = 6;
  config.train = 40000;
  config.distance = 3.0;
  const Dataset data = mixture_dataset(config);
  Eigen::VectorXd apart = Eigen::VectorXd::Zero(6);
  for (Eigen::Index j = 0; j < data.train.count(); ++j) {
    const double sign = data.train.labels[static_cast<std::size_t>(j)] == 1 ? 1.0 : -1.0;
    apart += sign * data.train.features.col(j).cast<double>();
  }
  apart /= 20000;
  CHECK(apart.norm() == Approx(3.0).margin(4 * std::sqrt(2.0 / 20000) * std::sqrt(6.0)));
}
