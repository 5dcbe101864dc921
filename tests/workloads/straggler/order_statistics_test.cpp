// Order statistics of compute times, the iteration times of K-sync SGD, against the closed forms of
// tests/oracles/sgd_iteration.json, and the numerical integral against closed forms.
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "sim/base/stats.hpp"
#include "tests/workloads/straggler/distributions.hpp"
#include "workloads/straggler/special_functions.hpp"

namespace orrery::straggler {
namespace {

using nlohmann::json;

json oracle(const std::string& id) {
  std::ifstream file(ORRERY_SOURCE_DIR "/tests/oracles/sgd_iteration.json");
  return json::parse(file).at("vectors").at(id);
}

std::string seconds(double t) {
  return "\"" + json(t).dump() + " s\"";
}

/// The distribution that the oracle's inputs describe.
Registered<ComputeTime> distribution_of(const json& inputs) {
  if (inputs.contains("xm"))
    return distribution("pareto", "\"minimum\": " + seconds(inputs.at("xm")) + ", \"shape\": " + inputs.at("a").dump());
  const double mean = 1.0 / inputs.at("mu").get<double>();
  if (inputs.contains("Delta"))
    return distribution("shifted_exponential",
                        "\"shift\": " + seconds(inputs.at("Delta")) + ", \"mean_excess\": " + seconds(mean));
  return distribution("exponential", "\"mean\": " + seconds(mean));
}

/// Without the override of a closed form.
double integrated(const ComputeTime& time, int k, int n) {
  return time.ComputeTime::order_statistic_mean(k, n).value();
}

}  // namespace

TEST_CASE("the mean time of a K-sync iteration is the K-th order statistic of P compute times") {
  const std::string id =
      GENERATE(as<std::string>{}, "A1.sync.exp", "A1.sync.exp.P32", "A1.sync.shiftexp", "A2.ksync.exp",
               "A2.ksync.exp.K1", "A2.ksync.exp.K2", "A2.ksync.exp.K8", "A2.ksync.shiftexp", "A3.ksync.pareto.K1",
               "A3.ksync.pareto.K4", "A3.ksync.pareto.K8");
  DYNAMIC_SECTION(id) {
    const json vector = oracle(id);
    const json& inputs = vector.at("inputs");
    const int learners = inputs.at("P");
    const int k = inputs.value("K", learners);
    const auto time = distribution_of(inputs);
    const double expected = vector.at("expected");
    CHECK(time->order_statistic_mean(k, learners).value() == Approx(expected).epsilon(1e-9));
    CHECK(integrated(*time, k, learners) == Approx(expected).epsilon(1e-9));
  }
}

// Var[T] by the quantile function: a time X with X = T(Y)^2 for exponential Y, integrated as an order statistic, has
// the mean E[Y_{k:n}^2], because squaring keeps the order.
TEST_CASE("the variance of a K-sync iteration with exponential times is the sum of 1 / (j mu)^2") {
  class Squared final : public ComputeTime {
   public:
    std::unique_ptr<ComputeTime> clone() const override { return std::make_unique<Squared>(*this); }
    void visit(FieldVisitor&) override {}
    Seconds sample(RngStream& draws) const override { return quantile(draws.open_uniform()); }
    double cdf(Seconds t) const override { return 1.0 - std::exp(-std::sqrt(t.value())); }
    Seconds quantile(double p) const override { return Seconds(std::log1p(-p) * std::log1p(-p)); }
    Seconds upper_quantile(double q) const override { return Seconds(std::log(q) * std::log(q)); }
    Seconds mean() const override { return Seconds(2.0); }
    std::optional<double> cv2() const override { return 5.0; }
  };
  const json vector = oracle("A2v.ksync.exp.var");
  const int learners = vector.at("inputs").at("P");
  const int k = vector.at("inputs").at("K");
  const double mean = distribution_of(vector.at("inputs"))->order_statistic_mean(k, learners).value();
  const double square = Squared().order_statistic_mean(k, learners).value();
  CHECK(square - mean * mean == Approx(vector.at("expected").get<double>()).epsilon(1e-9));
}

TEST_CASE("integrated order statistics equal the closed forms from one learner to thousands, heavy tails included") {
  const Example example =
      GENERATE(from_range(std::vector<Example>{{"exponential", ""},
                                               {"shifted_exponential", R"("shift": "3 s", "mean_excess": "1 ms")"},
                                               {"pareto", R"("minimum": "1 s", "shape": 3)"},
                                               {"pareto", R"("minimum": "1 s", "shape": 1.25)"}}));
  DYNAMIC_SECTION(example.kind << " " << example.fields) {
    const auto time = example.times();
    for (int n : {1, 2, 8, 100, 4096}) {
      for (int k : {1, (n + 1) / 2, n}) {
        INFO("k = " << k << ", n = " << n);
        CHECK(integrated(*time, k, n) == Approx(time->order_statistic_mean(k, n).value()).epsilon(1e-9));
      }
    }
  }
}

// E max(X, Y) = 2 E[X; X > Y], and weighting with X moves the mean of ln X up by sigma^2, so that X > Y then has the
// probability Phi(sigma^2 / (sigma sqrt 2)).
TEST_CASE("the slower of two lognormal learners takes 2 mean Phi(sigma / sqrt 2)") {
  for (double cv2 : {0.01, 0.5, 3.0, 50.0}) {
    INFO("cv2 = " << cv2);
    const auto time = distribution("lognormal", "\"mean\": \"1 s\", \"cv2\": " + json(cv2).dump());
    const double sigma = std::sqrt(std::log1p(cv2));
    CHECK(time->order_statistic_mean(2, 2).value() == Approx(std::erfc(-sigma / 2.0)).epsilon(1e-9));
  }
}

// Gini's mean difference E|X - Y| of gamma times of shape a and mean 1 is 2 Gamma(a + 1/2) / (sqrt(pi) Gamma(a + 1))
// (McDonald and Jensen 1979); the larger of two is late by half of it.
TEST_CASE("the slower of two gamma learners is late by half of Gini's mean difference") {
  for (double shape : {0.3, 1.0, 4.0, 60.0}) {
    INFO("shape = " << shape);
    const auto time = distribution("gamma", "\"mean\": \"1 s\", \"shape\": " + json(shape).dump());
    const double half = std::exp(log_gamma(shape + 0.5) - log_gamma(shape + 1.0)) / std::sqrt(3.14159265358979323846);
    CHECK(time->order_statistic_mean(2, 2).value() == Approx(1.0 + half).epsilon(1e-9));
  }
}

// A9: learners of different speed are a product of distribution functions; with sets S of learners, exponential times
// have E[max] = sum over S of (-1)^{|S|+1} / (sum of the rates in S), and asynchronous updates come at the sum of the
// rates.
TEST_CASE("a slow learner's factor divides its rate") {
  const json sync = oracle("A9.sync.hetero.exp");
  const std::vector<double> rates = sync.at("inputs").at("rates");
  StragglerConfig config;
  for (double rate : rates) config.factors.push_back(1.0 / rate);
  ComputeTimes times(config, static_cast<int>(rates.size()), Seed{5});
  std::vector<double> slowest;
  std::vector<double> first;
  for (int n = 0; n < 40000; ++n) {
    double longest = 0.0;
    double shortest = std::numeric_limits<double>::infinity();
    for (int i = 0; i < static_cast<int>(rates.size()); ++i) {
      const double t = times.draw(i, Seconds(0.0)).value();
      longest = std::max(longest, t);
      shortest = std::min(shortest, t);
    }
    slowest.push_back(longest);
    first.push_back(shortest);
  }
  CHECK(mean_interval(slowest, 0.999).contains(sync.at("expected").get<double>()));
  CHECK(mean_interval(first, 0.999).contains(oracle("A9.async.hetero.exp").at("expected").get<double>()));
}

TEST_CASE("Pareto times of shape 1 or less have no mean, but their early order statistics do") {
  const auto time = distribution("pareto", R"("minimum": "1 s", "shape": 0.8)");
  CHECK(std::isinf(time->mean().value()));
  CHECK_FALSE(time->cv2());
  CHECK(std::isinf(time->order_statistic_mean(8, 8).value()));
  CHECK(time->order_statistic_mean(4, 8).value() == Approx(integrated(*time, 4, 8)).epsilon(1e-9));
  CHECK_FALSE(distribution("pareto", R"("minimum": "1 s", "shape": 2)")->cv2());
}

TEST_CASE("an empirical distribution interpolates between its times") {
  const auto time = distribution("empirical", R"("values": ["3 s", "1 s"])");  // uniform on [1 s, 3 s]
  CHECK(time->quantile(0.25).value() == Approx(1.5));
  CHECK(time->mean().value() == Approx(2.0));
  CHECK(*time->cv2() == Approx(4.0 / 12.0 / 4.0));
  CHECK(time->order_statistic_mean(3, 4).value() == Approx(1.0 + 2.0 * 3.0 / 5.0));  // uniform: k / (n + 1)
}

TEST_CASE("wrong parameters of a distribution are refused with their place") {
  CHECK_THROWS_WITH(distribution("exponential", R"("mean": "0 s")"), Catch::Contains("$.distribution.mean"));
  CHECK_THROWS_WITH(distribution("weibul"), Catch::Contains("weibul") && Catch::Contains("exponential"));
  CHECK_THROWS_WITH(distribution("empirical"), Catch::Contains("values"));
  CHECK(distribution("empirical", R"("values": [])")->refusal());
}

}  // namespace orrery::straggler
