// What the simulated learners learn, where it is known exactly (oracles B1, B4, B5) or bounded (B2, B3): on F = c w^2 /
// 2 with additive gradient noise.
#include <catch2/catch.hpp>
#include <cmath>
#include <fmt/format.h>
#include <numbers>

#include "sim/base/stats.hpp"
#include "tests/workloads/sgd/oracles.hpp"
#include "tests/workloads/sgd/specs.hpp"

using namespace orrery;
using namespace orrery::sgd;

namespace {

SgdSpec on_quadratic(const std::string& variant_json, double eta, const std::string& problem) {
  SgdSpec spec = quadratic_run(variant_json, problem);
  spec.update.optimizer = model::SgdConfig{eta};
  return spec;
}

/// Constant times of 1 s: async SGD then has staleness P - 1 from the second second on, one learner after the other.
SgdSpec delayed(int tau, double eta, double seconds, double noise) {
  SgdSpec spec = on_quadratic(R"("async")", eta, fmt::format(R"({{"kind": "quadratic", "sigma2": {}}})", noise));
  constant_times(spec, "1 s");
  spec.learners = tau + 1;
  spec.batch = 1;
  spec.horizon.time = Seconds(seconds);
  return spec;
}

/// Losses at the end over so many seeds.
std::vector<double> final_losses(SgdSpec spec, int seeds) {
  std::vector<double> losses;
  for (int seed = 1; seed <= seeds; ++seed) {
    spec.seed = Seed{static_cast<std::uint64_t>(seed)};
    losses.push_back(simulate(spec).curve.back().loss);
  }
  return losses;
}

/// F(w) = w^2 / 2 without noise, scored by w itself, so that means of w can be taken over runs.
struct CoordinateConfig {};
template <class V>
void fields(V&, CoordinateConfig&) {}

class CoordinateObjective final : public learn::Objective {
 public:
  std::int64_t parameters() const override { return 1; }
  std::int64_t samples() const override { return 0; }
  void initial(RngStream, learn::Vector& out) const override { out.setOnes(1); }
  double gradient(const learn::Vector& at, std::int64_t, RngStream&, learn::Vector& out) override {
    out = at;
    return 0.5 * static_cast<double>(at[0]) * static_cast<double>(at[0]);
  }
  double train_loss(const learn::Vector& at, std::int64_t) override { return static_cast<double>(at[0]); }
  std::optional<learn::Score> test(const learn::Vector&, std::int64_t) override { return std::nullopt; }
};

class Coordinate final : public Configured<learn::Problem, Coordinate, CoordinateConfig> {
 public:
  bool needs_data() const override { return false; }
  std::optional<std::string> refusal(const learn::Dataset&) const override { return std::nullopt; }
  std::unique_ptr<learn::Objective> bind(const learn::Dataset*) const override {
    return std::make_unique<CoordinateObjective>();
  }
};
const bool coordinate_registered =
    learn::Problem::registry().add<Coordinate>("test_coordinate", "w^2 / 2 scored by w: for tests");

}  // namespace

/// K learners' batches of m make one update with K m samples: E[F] = eta sigma2 / (2 K m (2 - eta c)) in the end.
TEST_CASE("synchronous SGD ends at the noise floor of its whole batch") {
  const auto in = oracle("B1.quadratic.floor")["inputs"];
  SgdSpec spec = on_quadratic(R"("sync")", in["eta"], fmt::format(R"({{"kind": "quadratic", "sigma2": {}}})",
                                                                 in["sigma2"].get<double>()));
  spec.learners = 4;
  spec.batch = in["Km"].get<int>() / spec.learners;
  constant_times(spec, "1 s");
  spec.horizon.time = Seconds(20'200.0);
  spec.evaluation.points = 20'200;  // after each update
  const SgdResult result = simulate(spec);
  std::vector<double> losses;
  for (std::size_t i = 200; i < result.curve.size(); ++i) losses.push_back(result.curve[i].loss);
  const Interval floor = batch_means_interval(losses, 20, 0.999);
  CHECK(floor.relative() < 0.15);
  CHECK(floor.contains(oracle("B1.quadratic.floor")["expected"]));
}

TEST_CASE("synchronous SGD gets there as fast as theory says") {
  const auto in = oracle("B1.quadratic.transient")["inputs"];
  SgdSpec spec = on_quadratic(R"("sync")", in["eta"],
                              fmt::format(R"({{"kind": "quadratic", "sigma2": {}, "start": {}}})",
                                          in["sigma2"].get<double>(), in["w0"].get<double>()));
  spec.learners = 4;
  spec.batch = in["Km"].get<int>() / spec.learners;
  spec.horizon.updates = in["J"].get<int>();
  spec.horizon.time = Seconds(1e5);
  spec.evaluation.points = 1;
  const Interval loss = mean_interval(final_losses(spec, 400), 0.999);
  CHECK(loss.relative() < 0.1);
  CHECK(loss.contains(oracle("B1.quadratic.transient")["expected"]));
}

/// w <- w - eta c w_{t - tau} is stable iff 0 < eta c < 2 sin(pi / (2 (2 tau + 1))).
TEST_CASE("stale gradients make large steps unstable exactly where theory says") {
  for (const int tau : {0, 1, 2, 7}) {
    const double bound = oracle(fmt::format("B4.stability.tau{}", tau))["expected"];
    CHECK(bound == Approx(2.0 * std::sin(std::numbers::pi / (2.0 * (2.0 * tau + 1.0)))));
    DYNAMIC_SECTION("tau = " << tau) {
      const SgdResult below = simulate(delayed(tau, 0.97 * bound, 2000.0, 0.0));
      CHECK_FALSE(below.diverged);
      CHECK(below.curve.back().loss < 1e-6);
      const SgdResult above = simulate(delayed(tau, 1.03 * bound, 2000.0, 0.0));
      CHECK((above.diverged || above.curve.back().loss > 1e6));
      if (tau > 0) {
        REQUIRE(static_cast<int>(below.books.staleness.size()) == tau + 1);
        CHECK(below.books.staleness[static_cast<std::size_t>(tau)] == below.books.updates - tau);
      }
    }
  }
}

/// The stationary variance of w under delayed gradients, by a discrete Lyapunov equation; the noise of a step is
/// eta xi, here of variance 1: sigma2 = 1 / eta^2.
TEST_CASE("staleness raises the noise floor as theory says") {
  for (const char* id : {"B4.var.tau0", "B4.var.tau1", "B4.var.tau3", "B4.var.tau7"}) {
    const auto vector = oracle(id);
    const double a = vector["inputs"]["a"];
    const int tau = vector["inputs"].contains("tau") ? vector["inputs"]["tau"].get<int>() : 1;
    const double seconds = 40'000.0 / (tau + 1);
    SgdSpec spec = delayed(tau, a, seconds, 1.0 / (a * a));
    spec.evaluation.points = static_cast<int>(seconds);
    const SgdResult result = simulate(spec);
    std::vector<double> squares;  // F = w^2 / 2
    for (std::size_t i = 200; i < result.curve.size(); ++i) squares.push_back(2.0 * result.curve[i].loss);
    const Interval variance = batch_means_interval(squares, 20, 0.999);
    INFO(id << ": " << variance.centre << " +- " << variance.half_width);
    CHECK(variance.relative() < 0.25);
    CHECK(variance.contains(vector["expected"]));
  }
}

/// Asynchrony begets momentum (Mitliagkas et al. 2016): with exponential times E[w] follows
/// E[w+] - E[w] = (1 - 1/P) (E[w] - E[w-]) - (a/P) E[w].
TEST_CASE("the mean of asynchronous SGD has momentum 1 - 1/P") {
  const auto vector = oracle("B5.async.momentum");
  SgdSpec spec = on_quadratic(R"("async")", vector["inputs"]["a"], R"("test_coordinate")");
  spec.learners = vector["inputs"]["P"];
  spec.evaluation.points = 1;
  for (const auto& [key, updates] : {std::pair("w10", 10), {"w30", 30}}) {
    spec.horizon.updates = updates;
    const Interval mean = mean_interval(final_losses(spec, 3000), 0.999);
    INFO(key << ": " << mean.centre << " +- " << mean.half_width);
    CHECK(mean.half_width < 0.035);
    CHECK(mean.contains(vector["expected"][key]));
  }
}

/// Dutta et al.'s bounds hold for curvatures from c to L: here one coordinate of each, with half of the variance each,
/// and F0 = (L + c) / 2 w0^2.
TEST_CASE("the loss stays below the bounds of Dutta et al.") {
  for (const auto& [id, name] : {std::pair("B2.bound.ksync", "k_sync"), {"B3.bound.kasync", "k_async"}}) {
    const auto vector = oracle(id);
    const auto in = vector["inputs"];
    const double large = in["L"], small = in["c"];
    SgdSpec spec = on_quadratic(
        fmt::format(R"({{"kind": "{}", "k": {}}})", name, in["K"].get<int>()), in["eta"],
        fmt::format(R"({{"kind": "quadratic", "dimensions": 2, "curvature": {}, "condition": {}, "start": {}, )"
                    R"("sigma2": {}}})",
                    large, large / small, std::sqrt(2.0 * in["F0"].get<double>() / (large + small)),
                    in["sigma2"].get<double>() / 2.0));
    spec.batch = in["m"];
    spec.horizon.updates = in["J"].get<int>();
    spec.horizon.time = Seconds(1e5);
    spec.evaluation.points = 1;
    const SgdResult one = simulate(spec);
    CHECK(one.curve.front().loss == Approx(in["F0"].get<double>()));
    const Interval loss = mean_interval(final_losses(spec, 100), 0.999);
    CHECK(loss.relative() < 0.5);
    CHECK(loss.high() < vector["expected"].get<double>());
  }
}
