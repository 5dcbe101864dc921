// Time of an iteration and staleness against theory: oracles A1..A11 of tests/oracles/sgd_iteration.json. Each variant's
// expectation equals the closed form to 1e-9, and a run's mean (batch means, four standard errors) contains it.
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <map>

#include "sim/base/stats.hpp"
#include "tests/workloads/sync/race.hpp"
#include "workloads/sync/theory.hpp"

using namespace orrery;
using namespace orrery::sync;

namespace {

constexpr double kConfidence = 0.9999;  // four standard errors
constexpr std::size_t kBatches = 40;

const Json& oracle(const std::string& id) {
  static const Json vectors = [] {
    std::ifstream file(ORRERY_SOURCE_DIR "/tests/oracles/sgd_iteration.json");
    return Json::parse(file).at("vectors");
  }();
  return vectors.at(id);
}
double value(const std::string& id) { return oracle(id).at("expected").get<double>(); }

const std::string kExponential = R"({"distribution": "exponential"})";
const std::string kShifted =
    R"({"distribution": {"kind": "shifted_exponential", "shift": "0.5 s", "mean_excess": "1 s"}})";
const std::string kPareto = R"({"distribution": {"kind": "pareto", "minimum": "1 s", "shape": 3}})";
const std::string kUnequal = R"({"distribution": "exponential", "factors": [1, 1, 1, 4]})";
const std::string kLongTail = R"({"distribution": {"kind": "lognormal", "cv2": 16}})";

std::string with_k(const std::string& name, int k) {
  return R"({"kind": ")" + name + R"(", "k": )" + std::to_string(k) + "}";
}
double expected_time(const Setting& s, int learners) {
  return s.variant->expectation(s.compute, learners).iteration.value().value();
}
Interval mean_of(const std::vector<double>& series) { return batch_means_interval(series, kBatches, kConfidence); }

/// The mean lies in the interval, and the interval is narrow enough to say something.
void check_mean(const std::vector<double>& series, double theory) {
  const Interval found = mean_of(series);
  INFO("found " << found.centre << " +- " << found.half_width << ", theory " << theory);
  CHECK(found.contains(theory));
  CHECK(found.half_width < 0.05 * theory);
}

}  // namespace

TEST_CASE("the time of an iteration follows its formula: oracles A1..A7, A9") {
  struct Case {
    const char* id;
    std::string variant, compute;
    int learners;
  };
  const std::vector<Case> cases{
      {"A1.sync.exp", R"("sync")", kExponential, 8},
      {"A1.sync.exp.P32", R"("sync")", kExponential, 32},
      {"A1.sync.shiftexp", R"("sync")", kShifted, 8},
      {"A2.ksync.exp", with_k("k_sync", 4), kExponential, 8},
      {"A2.ksync.exp.K1", with_k("k_sync", 1), kExponential, 8},
      {"A2.ksync.exp.K2", with_k("k_sync", 2), kExponential, 8},
      {"A2.ksync.exp.K8", with_k("k_sync", 8), kExponential, 8},
      {"A2.ksync.shiftexp", with_k("k_sync", 4), kShifted, 8},
      {"A3.ksync.pareto.K1", with_k("k_sync", 1), kPareto, 8},
      {"A3.ksync.pareto.K4", with_k("k_sync", 4), kPareto, 8},
      {"A3.ksync.pareto.K8", with_k("k_sync", 8), kPareto, 8},
      {"A4.kbatchsync.exp", with_k("k_batch_sync", 4), kExponential, 8},
      {"A4.kbatchsync.shiftexp.P8K4", with_k("k_batch_sync", 4), kShifted, 8},
      {"A4.kbatchsync.shiftexp.P8K8", with_k("k_batch_sync", 8), kShifted, 8},
      {"A4.kbatchsync.shiftexp.P8K12", with_k("k_batch_sync", 12), kShifted, 8},
      {"A5.async.exp", R"("async")", kExponential, 8},
      {"A6.kasync.exp", with_k("k_async", 4), kExponential, 8},
      {"A7.kbatchasync.shiftexp", with_k("k_batch_async", 4), kShifted, 8},
      {"A9.sync.hetero.exp", R"("sync")", kUnequal, 4},
      {"A9.async.hetero.exp", R"("async")", kUnequal, 4},
  };
  for (const Case& c : cases) {
    INFO(c.id);
    const Setting s = setting(c.variant, c.compute);
    CHECK(expected_time(s, c.learners) == Approx(value(c.id)).epsilon(1e-9));
    check_mean(run(s, c.learners, c.learners > 8 ? 2000 : 12000, Seed{11}).iterations, value(c.id));
  }
}

TEST_CASE("with constant times K mini-batches of P learners take ceil(K / P) turns: oracle A4") {
  const Setting s = setting(with_k("k_batch_sync", 12), R"({"distribution": {"kind": "constant", "time": "2 s"}})");
  CHECK(expected_time(s, 8) == value("A4.kbatchsync.det"));
  for (const double t : run(s, 8, 100).iterations) REQUIRE(t == value("A4.kbatchsync.det"));
}

TEST_CASE("the variance of a K-sync iteration is the sum of 1 / (j mu)^2: oracle A2v") {
  const std::vector<double> times = run(setting(with_k("k_sync", 4)), 8, 20000, Seed{3}).iterations;
  const double mean = expected_time(setting(with_k("k_sync", 4)), 8);
  std::vector<double> squares;
  for (const double t : times) squares.push_back((t - mean) * (t - mean));
  check_mean(squares, value("A2v.ksync.exp.var"));
}

TEST_CASE("staleness has its mean and its distribution: oracles A5, A6, A7") {
  struct Case {
    std::string variant;
    double mean, fresh;
  };
  const std::vector<Case> cases{
      {R"("async")", value("A5.staleness.mean"), value("A5.staleness.p0")},
      {with_k("k_async", 4), value("A6.kasync.exp.staleness"), 0.5},
      {with_k("k_batch_async", 4), value("A7.kbatchasync.staleness"),
       1.0 - 7.0 / 4.0 * (1.0 - std::pow(7.0 / 8.0, 4.0))}};
  for (const Case& c : cases) {
    const Setting s = setting(c.variant);
    INFO(s.variant->label());
    const Expectation theory = s.variant->expectation(s.compute, 8);
    CHECK(theory.staleness.value() == Approx(c.mean));
    CHECK(theory.fresh.value() == Approx(c.fresh));
    const Series series = run(s, 8, 80000, Seed{5});
    check_mean(series.staleness, c.mean);
    std::vector<double> fresh;
    for (const double staleness : series.staleness) fresh.push_back(staleness == 0.0 ? 1.0 : 0.0);
    check_mean(fresh, c.fresh);
    CHECK(series.books.mean_staleness() == Approx(c.mean).epsilon(0.02));
  }
}

TEST_CASE("asynchronous staleness is geometric for exponential times: oracle A5") {
  const std::vector<double> staleness = run(setting(R"("async")"), 8, 40000, Seed{5}).staleness;
  const std::vector<double> pmf = oracle("A5.staleness.pmf0-5").at("expected").get<std::vector<double>>();
  for (std::size_t n = 0; n < pmf.size(); ++n) {
    std::vector<double> is_n;
    for (const double s : staleness) is_n.push_back(s == static_cast<double>(n) ? 1.0 : 0.0);
    const Interval found = mean_of(is_n);
    INFO("P(staleness = " << n << ") " << found.centre << " +- " << found.half_width);
    CHECK(found.contains(pmf[n]));
    CHECK(found.half_width < 0.01);
  }
}

TEST_CASE("mean staleness does not depend on the compute times: P - 1, P / K - 1, (P - 1) / K") {
  for (const std::string& times : {kShifted, kUnequal, kLongTail}) {
    for (const auto& [text, mean] : std::map<std::string, double>{
             {R"("async")", 7.0}, {with_k("k_async", 4), 1.0}, {with_k("k_batch_async", 4), 7.0 / 4.0}}) {
      const Setting s = setting(text, times);
      INFO(s.variant->label() << ", " << times);
      CHECK(s.variant->expectation(s.compute, 8).staleness.value() == Approx(mean));
      CHECK(run(s, 8, 10000).books.mean_staleness() == Approx(mean).epsilon(0.01));
    }
  }
}

/// Pareto with shape 1/2: of eight mini-batches under way one has taken most of the run.
TEST_CASE("without a mean compute time the mean staleness of asynchronous SGD stays below P - 1") {
  const Setting s = setting(R"("async")", R"({"distribution": {"kind": "pareto", "shape": 0.5}})");
  CHECK(run(s, 8, 40000).books.mean_staleness() < 6.0);
  CHECK(!s.variant->expectation(s.compute, 8).staleness);
}

TEST_CASE("K-async with times that are new longer than used is faster than K-sync: oracle A6") {
  const Setting s = setting(with_k("k_async", 4), kShifted);
  CHECK(!s.variant->expectation(s.compute, 8).iteration);
  const Interval found = mean_of(run(s, 8, 10000, Seed{2}).iterations);
  CHECK(found.centre == Approx(value("A6.kasync.shiftexp")).epsilon(0.01));
  CHECK(found.high() < oracle("A6.kasync.shiftexp").at("inputs").at("ub").get<double>());
}

TEST_CASE("asynchronous SGD updates P H_P times as often as synchronous: oracle A8") {
  CHECK(expected_time(setting(R"("sync")"), 8) / expected_time(setting(R"("async")"), 8) ==
        Approx(value("A8.speedup.sync_over_async.exp")).epsilon(1e-9));
}

TEST_CASE("local SGD waits for the slowest mean of tau times: oracle A10") {
  const Json& inputs = oracle("A10.pasgd.iter.exp").at("inputs");
  const int m = inputs.at("m"), tau = inputs.at("tau");
  const double averaging = inputs.at("D");
  const Setting s = setting(R"({"kind": "local_sgd", "tau": )" + std::to_string(tau) + "}");
  CHECK(expected_time(s, m) + averaging / tau == Approx(value("A10.pasgd.iter.exp")).epsilon(1e-9));
  CHECK(expected_time(setting(R"("sync")"), m) + averaging == Approx(value("A10.sync.iter.exp")).epsilon(1e-9));
  std::vector<double> steps = run(s, m, 2000, Seed{4}, 10).iterations;
  for (double& t : steps) t /= tau;
  check_mean(steps, value("A10.pasgd.iter.exp") - averaging / tau);

  const std::string constant = R"({"distribution": "constant"})";
  const double alpha = oracle("A10.pasgd.speedup.det").at("inputs").at("alpha");
  CHECK((expected_time(setting(R"("sync")", constant), 8) + alpha) /
            (expected_time(setting(R"({"kind": "local_sgd", "tau": 10})", constant), 8) + alpha / 10) ==
        Approx(value("A10.pasgd.speedup.det")).epsilon(1e-9));
}

TEST_CASE("the best averaging period minimises the bound on the error: oracle A11") {
  const Json& in = oracle("A11.pasgd.tau_star").at("inputs");
  AveragingCosts costs;
  costs.excess_loss = in.at("F0");
  costs.averaging = Seconds(in.at("D").get<double>());
  costs.step_size = in.at("eta");
  costs.smoothness = in.at("L");
  costs.variance = in.at("sigma2");
  costs.budget = Seconds(in.at("T").get<double>());
  const double tau = best_averaging_period(costs);
  CHECK(tau == Approx(value("A11.pasgd.tau_star")).epsilon(1e-9));
  const auto bound = [&](double t) {  // terms of the bound that depend on tau
    const double eta = costs.step_size;
    return 2.0 * costs.excess_loss / eta * (costs.averaging / costs.budget) / t +
           eta * eta * costs.smoothness * costs.smoothness * costs.variance * t;
  };
  CHECK(bound(tau) < bound(tau * 1.01));
  CHECK(bound(tau) < bound(tau * 0.99));
}
