// The simulated engine by hand-made cases: who does what when, at what moment a model is scored, when a run ends, and
// that which gradients are computed does not depend on what others do.
#include <catch2/catch.hpp>

#include "tests/workloads/sgd/specs.hpp"

using namespace orrery;
using namespace orrery::sgd;

namespace {

/// Learner i needs (i + 1) s for every mini-batch.
SgdSpec staircase(const std::string& variant_json, int learners) {
  SgdSpec spec = quadratic_run(variant_json, R"({"kind": "quadratic", "sigma2": 0})");
  constant_times(spec, "1 s");
  spec.learners = learners;
  for (int i = 0; i < learners; ++i) spec.compute.factors.push_back(i + 1);
  return spec;
}

std::vector<LearnerSpan> spans_of(const SgdResult& result, int learner) {
  std::vector<LearnerSpan> spans;
  for (const LearnerSpan& span : result.spans) {
    if (span.learner == learner) spans.push_back(span);
  }
  return spans;
}

void check_span(const LearnerSpan& span, Doing doing, double begin, double end) {
  CHECK(span.doing == doing);
  CHECK(span.begin.value() == Approx(begin).margin(1e-9));
  CHECK(span.end.value() == Approx(end).margin(1e-9));
}

}  // namespace

/// With K = 2 of 3 the second finish is at 2 s: the first learner has waited for 1 s, the third is cancelled.
TEST_CASE("in K-sync SGD early learners wait and late ones are cancelled") {
  SgdSpec spec = staircase(R"({"kind": "k_sync", "k": 2})", 3);
  spec.horizon.time = Seconds(6.0);
  const SgdResult result = simulate(spec, 100);
  CHECK(result.books.updates == 3);
  CHECK(result.books.cancelled == 3);
  CHECK(result.iterations == std::vector<Seconds>(3, Seconds(2.0)));
  const auto first = spans_of(result, 0), second = spans_of(result, 1), third = spans_of(result, 2);
  REQUIRE(first.size() == 6);
  REQUIRE(second.size() == 3);
  REQUIRE(third.size() == 3);
  check_span(first[0], Doing::computing, 0, 1);
  check_span(first[1], Doing::waiting, 1, 2);
  check_span(first[2], Doing::computing, 2, 3);
  check_span(second[1], Doing::computing, 2, 4);
  check_span(third[2], Doing::cancelled, 4, 6);
  CHECK(result.computed.value() == Approx(3 * (1 + 2)));
  CHECK(result.waited.value() == Approx(3 * 1));
  CHECK(result.wasted.value() == Approx(3 * 2));
  CHECK(result.communicated.value() == 0.0);
}

/// P = 2, 1 s and 2.5 s: the fast learner has made two updates when the slow one's gradient comes.
TEST_CASE("a gradient of asynchronous SGD is as stale as the updates since its model was read") {
  SgdSpec spec = staircase(R"("async")", 2);
  spec.compute.factors = {1.0, 2.5};
  spec.horizon.time = Seconds(2.5);
  const SgdResult result = simulate(spec, 100);
  CHECK(result.books.staleness == std::vector<std::int64_t>{2, 0, 1});
  const auto slow = spans_of(result, 1);
  REQUIRE_FALSE(slow.empty());
  check_span(slow[0], Doing::computing, 0, 2.5);
  CHECK(slow[0].staleness == 2);
}

/// w <- w - eta c w_read, by hand: all read w0 = 3, so the mean of equal gradients moves w to 3 (1 - 0.1) each 3 s.
TEST_CASE("synchronous SGD makes gradient descent's steps, each at the end of its iteration") {
  SgdSpec spec = staircase(R"("sync")", 3);
  spec.horizon.time = Seconds(12.0);
  spec.evaluation.points = 12;
  const SgdResult result = simulate(spec);
  REQUIRE(result.curve.size() == 13);
  for (const CurvePoint& point : result.curve) {
    const double steps = std::floor(point.time.value() / 3.0 + 1e-9);
    CHECK(point.updates == static_cast<std::int64_t>(steps));
    const double w = 3.0 * std::pow(0.9, steps);
    CHECK(point.loss == Approx(0.5 * w * w).epsilon(1e-5));
  }
}

TEST_CASE("a run ends at whichever horizon comes first") {
  SgdSpec spec = staircase(R"("sync")", 3);
  SECTION("updates") {
    spec.horizon.updates = 5;
    const SgdResult result = simulate(spec);
    CHECK(result.books.updates == 5);
    CHECK(result.end.value() == Approx(15.0));
    CHECK(result.curve.back().time == result.end);
    CHECK(result.curve.back().updates == 5);
  }
  SECTION("time, in the middle of a mini-batch") {
    spec.horizon.time = Seconds(16.0);
    const SgdResult result = simulate(spec);
    CHECK(result.books.updates == 5);
    CHECK(result.end.value() == Approx(16.0));
    CHECK(result.computed.value() == Approx(5 * (1 + 2 + 3) + 3 * 1));
  }
}

/// 2 / c = 2 is the largest stable step: at 4 the distance from the optimum triples in each update.
TEST_CASE("a run that diverges ends when its loss is no longer finite") {
  SgdSpec spec = staircase(R"("sync")", 2);
  spec.update.optimizer = model::SgdConfig{4.0};
  spec.horizon.time = Seconds(10'000.0);
  const SgdResult result = simulate(spec);
  CHECK(result.diverged);
  CHECK(result.end < Seconds(400.0));
  for (const CurvePoint& point : result.curve) CHECK(std::isfinite(point.loss));
}

/// Common random numbers: with K = P, K-sync and sync decide alike, so that everything is equal; and a run whose server
/// is slower has the same mini-batches in the same order.
TEST_CASE("the n-th mini-batch of a learner is the same one whatever the timing") {
  const SgdSpec sync = quadratic_run(R"("sync")");
  const SgdSpec k_sync = quadratic_run(R"({"kind": "k_sync", "k": 8})");
  CHECK(simulate(sync).curve.back().loss == simulate(k_sync).curve.back().loss);

  SgdSpec quick = sync, slow = sync;
  quick.horizon.updates = slow.horizon.updates = 20;
  slow.horizon.time = Seconds(1000.0);
  ServerAggregation servers;
  servers.update = Seconds(1.0);
  slow.aggregation = servers;
  const SgdResult a = simulate(quick), b = simulate(slow);
  REQUIRE(b.books.updates == 20);
  CHECK(b.end > a.end);
  CHECK(a.curve.back().loss == b.curve.back().loss);
}

/// Elastic averaging with tau = 1 and alpha = 1/4 on F = w^2 / 2 from w = 3, step size 0.1, no noise. Both learners
/// step to 2.7 at 1 s. The centre c moves by (2.7 - c) / 4 for each: to 2.925, then to 2.86875; the first learner goes
/// on from 2.7 + (3 - 2.7) / 4 = 2.775 and the second from 2.7 + (2.925 - 2.7) / 4 = 2.75625.
TEST_CASE("in elastic averaging learner and centre meet when the learner's model has reached the server") {
  SgdSpec spec = staircase(R"({"kind": "elastic_averaging", "tau": 1, "alpha": 0.25})", 2);
  spec.compute.factors = {1.0, 1.0};
  const auto centre = [](const SgdResult& result, std::size_t tenths) {
    return std::sqrt(2.0 * result.curve.at(tenths).loss);
  };
  SECTION("at once where communication is free") {
    spec.horizon.time = Seconds(2.5);
    spec.evaluation.points = 25;
    const SgdResult result = simulate(spec);
    CHECK(centre(result, 9) == 3.0);
    CHECK(centre(result, 11) == Approx(2.86875).epsilon(1e-5));
    const double first = 2.86875 + (0.9 * 2.775 - 2.86875) / 4.0;
    CHECK(centre(result, 21) == Approx(first + (0.9 * 2.75625 - first) / 4.0).epsilon(1e-5));
  }
  SECTION("after the push and the update over a network: 1 s + 0.5 s for two pushes + 0.5 s for each update") {
    ServerAggregation server;
    server.network = part<net::NetworkConfig>(
        R"({"topology": {"kind": "single_switch", "link": {"bandwidth": "100 MB/s", "latency": "0 s"}}})");
    server.model_size = Bytes(25e6);
    server.update = Seconds(0.5);
    spec.aggregation = server;
    spec.horizon.time = Seconds(3.0);
    spec.evaluation.points = 30;
    const SgdResult result = simulate(spec);
    CHECK(centre(result, 19) == 3.0);
    CHECK(centre(result, 21) == Approx(2.925).epsilon(1e-5));
    CHECK(centre(result, 24) == Approx(2.925).epsilon(1e-5));
    CHECK(centre(result, 26) == Approx(2.86875).epsilon(1e-5));
  }
}

TEST_CASE("compressing the model's change with error feedback still converges, and to the same place") {
  SgdSpec spec = quadratic_run(R"("sync")", R"({"kind": "quadratic", "dimensions": 20, "sigma2": 0})");
  for (learn::CompressionConfig* c : {&spec.push, &spec.pull}) {
    c->method = registered<learn::Compressor>(R"({"kind": "top_k", "share": 0.25})");
    c->error_feedback = true;
  }
  spec.horizon.time = Seconds(1000.0);
  const SgdResult result = simulate(spec);
  CHECK(result.curve.front().loss == Approx(20 * 4.5));
  CHECK(result.curve.back().loss < 1e-6);
}

/// 1e300 s is beyond what the clock can hold; to a run of 100 s it is as good as 101 s.
TEST_CASE("a mini-batch longer than the run never ends within it, however long it is") {
  for (const char* name : {R"("sync")", R"("async")", R"({"kind": "local_sgd", "tau": 2})"}) {
    CAPTURE(name);
    SgdSpec spec = quadratic_run(name);
    constant_times(spec, "101 s");
    const SgdResult longer = simulate(spec, 100);
    constant_times(spec, "1e300 s");
    const SgdResult endless = simulate(spec, 100);
    CHECK(endless.books.updates == 0);
    CHECK(endless.end == Seconds(100.0));
    CHECK(endless.computed == Seconds(800.0));
    CHECK(endless.spans.size() == longer.spans.size());
    CHECK(endless.curve.size() == longer.curve.size());
  }
}

/// Of Pareto times with minimum 1 s and shape 0.1, a share of 100^-0.1 = 0.63 exceeds 100 s, and one in 120 exceeds the
/// 292 years of the clock. Every learner of async SGD is stuck sooner or later, after a geometric number of mini-batches;
/// K-sync with K = 1 cancels the stuck ones.
TEST_CASE("compute times without a mean leave a run whole") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    CAPTURE(seed);
    for (const char* name : {R"("sync")", R"("async")", R"({"kind": "k_sync", "k": 1})"}) {
      CAPTURE(name);
      SgdSpec spec = quadratic_run(name);
      spec.compute.distribution = registered<straggler::ComputeTime>(R"({"kind": "pareto", "minimum": "1 s", "shape": 0.1})");
      spec.seed = Seed{seed};
      const SgdResult result = simulate(spec);
      CHECK(result.end == Seconds(100.0));
      CHECK((result.computed + result.wasted + result.waited + result.communicated).value() == Approx(800.0));
    }
  }
}
