// Iteration times and staleness of the simulated engine, communication free, against the theory (oracles A1 to A10):
// the known mean lies in the simulated one's 99.9 % confidence interval (batch means), and that interval is narrow.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "sim/base/stats.hpp"
#include "tests/workloads/sgd/oracles.hpp"
#include "tests/workloads/sgd/specs.hpp"

using namespace orrery;
using namespace orrery::sgd;

namespace {

struct Case {
  const char* id;
  const char* variant;
  const char* times = R"("exponential")";
  int learners = 8;
};

const char* const kShifted = R"({"kind": "shifted_exponential", "shift": "500 ms", "mean_excess": "1 s"})";
const char* const kPareto = R"({"kind": "pareto", "minimum": "1 s", "shape": 3})";

SgdSpec spec_of(const Case& c) {
  SgdSpec spec = quadratic_run(c.variant);
  spec.learners = c.learners;
  spec.compute.distribution = registered<straggler::ComputeTime>(c.times);
  spec.update.optimizer = model::SgdConfig{0.01};
  spec.horizon.time = Seconds(1e6);
  spec.horizon.updates = 20'000;
  spec.evaluation.points = 1;
  return spec;
}

Interval mean_iteration(const SgdSpec& spec) {
  std::vector<double> times;
  for (const Seconds time : simulate(spec).iterations) times.push_back(time.value());
  return batch_means_interval(times, 20, 0.999);
}

}  // namespace

TEST_CASE("iteration times have the mean of theory") {
  const Case cases[] = {
      {"A1.sync.exp", R"("sync")"},
      {"A1.sync.exp.P32", R"("sync")", R"("exponential")", 32},
      {"A1.sync.shiftexp", R"("sync")", kShifted},
      {"A2.ksync.exp", R"({"kind": "k_sync", "k": 4})"},
      {"A2.ksync.exp.K1", R"({"kind": "k_sync", "k": 1})"},
      {"A2.ksync.exp.K2", R"({"kind": "k_sync", "k": 2})"},
      {"A2.ksync.exp.K8", R"({"kind": "k_sync", "k": 8})"},
      {"A2.ksync.shiftexp", R"({"kind": "k_sync", "k": 4})", kShifted},
      {"A3.ksync.pareto.K1", R"({"kind": "k_sync", "k": 1})", kPareto},
      {"A3.ksync.pareto.K4", R"({"kind": "k_sync", "k": 4})", kPareto},
      {"A3.ksync.pareto.K8", R"({"kind": "k_sync", "k": 8})", kPareto},
      {"A4.kbatchsync.exp", R"({"kind": "k_batch_sync", "k": 4})"},
      {"A4.kbatchsync.shiftexp.P8K4", R"({"kind": "k_batch_sync", "k": 4})", kShifted},
      {"A4.kbatchsync.shiftexp.P8K8", R"({"kind": "k_batch_sync", "k": 8})", kShifted},
      {"A4.kbatchsync.shiftexp.P8K12", R"({"kind": "k_batch_sync", "k": 12})", kShifted},
      {"A5.async.exp", R"("async")"},
      {"A6.kasync.exp", R"({"kind": "k_async", "k": 4})"},
      {"A7.kbatchasync.shiftexp", R"({"kind": "k_batch_async", "k": 4})", kShifted},
  };
  for (const Case& c : cases) {
    DYNAMIC_SECTION(c.id) {
      const Interval mean = mean_iteration(spec_of(c));
      const double expected = oracle(c.id)["expected"];
      INFO(mean.centre << " +- " << mean.half_width << ", theory " << expected);
      CHECK(mean.relative() < 0.04);
      CHECK(mean.contains(expected));
    }
  }
}

/// The oracle's own value is simulated, good to 1 %; E[X_{K:P}] is an upper bound (new longer than used).
TEST_CASE("K-async SGD with shifted exponential times is faster than its bound") {
  const auto vector = oracle("A6.kasync.shiftexp");
  const Interval mean = mean_iteration(spec_of({"", R"({"kind": "k_async", "k": 4})", kShifted}));
  CHECK(mean.relative() < 0.02);
  CHECK(mean.centre == Approx(vector["expected"].get<double>()).epsilon(0.01));
  CHECK(mean.high() < vector["inputs"]["ub"].get<double>());
}

/// K = 12 of 8 learners: two waves of mini-batches, c ceil(K/P).
TEST_CASE("K-batch-sync with constant times takes whole waves") {
  SgdSpec spec = quadratic_run(R"({"kind": "k_batch_sync", "k": 12})");
  constant_times(spec, "2 s");
  const SgdResult result = simulate(spec);
  for (const Seconds time : result.iterations) CHECK(time.value() == Approx(oracle("A4.kbatchsync.det")["expected"]));
}

TEST_CASE("one slow learner holds up synchronous SGD, and asynchronous SGD only in proportion") {
  for (const auto& [id, name] : {std::pair("A9.sync.hetero.exp", R"("sync")"), {"A9.async.hetero.exp", R"("async")"}}) {
    SgdSpec spec = spec_of({id, name, R"("exponential")", 4});
    spec.compute.factors = {1, 1, 1, 4};  // rates 1, 1, 1, 1/4
    const Interval mean = mean_iteration(spec);
    CHECK(mean.relative() < 0.04);
    CHECK(mean.contains(oracle(id)["expected"]));
  }
}

/// Mean staleness of the gradients used after a warm-up, and the share of fresh gradients (99.9 % is 3.3 standard
/// errors; the indicators of successive gradients are nearly independent).
TEST_CASE("staleness has the mean of theory") {
  const struct {
    const char *id, *variant, *fresh_id;
  } cases[] = {{"A5.staleness.mean", R"("async")", "A5.staleness.p0"},
               {"A6.kasync.exp.staleness", R"({"kind": "k_async", "k": 4})", nullptr},
               {"A7.kbatchasync.staleness", R"({"kind": "k_batch_async", "k": 4})", nullptr}};
  for (const auto& c : cases) {
    const SgdResult result = simulate(spec_of({c.id, c.variant}), 400'000);
    std::vector<double> staleness;
    for (const LearnerSpan& span : result.spans) {
      const bool settled = span.begin.value() > 50.0 && span.begin < result.end - Seconds(50.0);
      if (span.doing == Doing::computing && settled) staleness.push_back(static_cast<double>(span.staleness));
    }
    REQUIRE(staleness.size() > 15'000);
    const Interval mean = batch_means_interval(staleness, 20, 0.999);
    INFO(c.id << ": " << mean.centre << " +- " << mean.half_width);
    CHECK(mean.relative() < 0.02);
    CHECK(mean.contains(oracle(c.id)["expected"]));
    if (c.fresh_id == nullptr) continue;
    const double p = oracle(c.fresh_id)["expected"], n = static_cast<double>(result.books.updates);
    CHECK(static_cast<double>(result.books.staleness[0]) / n == Approx(p).margin(3.3 * std::sqrt(p * (1 - p) / n)));
  }
}

/// Oracle A10: E[max over m learners of the mean of tau times] + D / tau for one local step. The averaging is a ring's
/// all-reduce on a network on which it takes D = 1 s: 2 (m-1)/m n b.
TEST_CASE("periodic averaging spreads the delay of communication and of stragglers over tau steps") {
  const auto vector = oracle("A10.pasgd.iter.exp");
  const int m = vector["inputs"]["m"], tau = vector["inputs"]["tau"];
  SgdSpec spec = spec_of({"", R"("local_sgd")", R"("exponential")", m});
  spec.variant = variant(fmt::format(R"({{"kind": "local_sgd", "tau": {}}})", tau));
  AllReduceAggregation ring;
  ring.network = part<net::NetworkConfig>(
      R"({"topology": {"kind": "single_switch", "link": {"bandwidth": "1 GB/s", "latency": "0 s"}}})");
  ring.model_size = Bytes(1e9 * m / (2.0 * (m - 1)));
  spec.aggregation = ring;
  spec.horizon.updates = 20'000LL * m;  // local steps of all learners: 2000 rounds
  const Interval round = mean_iteration(spec);
  CHECK(round.relative() < 0.02);
  CHECK(Interval{round.centre / tau, round.half_width / tau}.contains(vector["expected"]));
}
