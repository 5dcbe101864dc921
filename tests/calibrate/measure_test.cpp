// Measuring a machine whose truth is known: the stopping rule, outliers, and the distribution.
#include "calibrate/measure.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "calibrate/fake_backend.hpp"
#include "calibrate/speed.hpp"
#include "sim/base/error.hpp"
#include "sim/base/stats.hpp"

using namespace orrery;
using namespace orrery::calibrate;

namespace {

const cost::Op kOp = cost::Gemm{.m = 128, .n = 128, .k = 128};

Clock clock_of(const FakeBackend& backend) {
  return [&backend] { return backend.now(); };
}

/// A machine on which one kind of work fails, when it is prepared or when it runs.
class FailingBackend : public FakeBackend {
 public:
  explicit FailingBackend(int ranks, bool on_run) : FakeBackend({.ranks = ranks}), on_run_(on_run) {}
  using FakeBackend::prepare;
  std::unique_ptr<TimedOp> prepare(const cost::Op&, const cost::Conditions&) override { return fail(); }
  std::unique_ptr<TimedOp> prepare(const cost::CollectiveCase&) override { return fail(); }

 private:
  class FailingOp : public TimedOp {
   public:
    Seconds run() override { throw BackendError("a kernel failed"); }
  };
  std::unique_ptr<TimedOp> fail() const {
    if (!on_run_) throw BackendError("a library refused it");
    return std::make_unique<FailingOp>();
  }
  bool on_run_;
};

}  // namespace

TEST_CASE("an operator that fails is skipped with the reason, on any number of ranks") {
  for (const int ranks : {1, 2}) {
    FailingBackend refuses(ranks, false), fails(ranks, true);
    CHECK(measure(refuses, kOp, {}, {}, clock_of(refuses)).skipped == "a library refused it");
    CHECK(measure(fails, kOp, {}, {}, clock_of(fails)).skipped == "a kernel failed");
  }
}

TEST_CASE("a failure in the middle of what ranks do together is thrown: the others wait there") {
  const cost::CollectiveCase all_reduce{cost::CollectiveKind::all_reduce, Bytes(4096), 2};
  FailingBackend refuses(2, false), fails(2, true);
  CHECK_THROWS_AS(measure(refuses, all_reduce, {2, Bytes(0)}, {}, clock_of(refuses)), BackendError);
  CHECK_THROWS_AS(measure(fails, all_reduce, {2, Bytes(0)}, {}, clock_of(fails)), BackendError);
  CHECK_THROWS_AS(measure(fails, kOp, {2, Bytes(0)}, {}, clock_of(fails)), BackendError);
}

TEST_CASE("the stopping rule stops when the median's interval is narrow, and not before its minima") {
  StoppingRule rule;
  rule.relative_confidence = 0.02;
  rule.min_samples = 5;
  std::vector<double> steady(100, 1.0), wide;
  for (int i = 0; i < 100; ++i) wide.push_back(1.0 + 0.01 * i);
  const double early = 0.5 * rule.min_time_s, enough = 2.0 * rule.min_time_s;
  CHECK(rule.is_finished(steady, enough));
  CHECK_FALSE(rule.is_finished(steady, early));
  CHECK_FALSE(rule.is_finished(std::vector<double>(4, 1.0), 10.0));
  // The interval of this median by order statistics spans ranks 40 to 60: +-0.1 of 1.5, far more than 2 %.
  CHECK_FALSE(rule.is_finished(wide, enough));
  CHECK(rule.is_finished(wide, rule.max_time_s));
  rule.max_samples = 100;
  CHECK(rule.is_finished(wide, enough));
}

TEST_CASE("a visit reaches the confidence it was asked for") {
  FakeBackend backend({.seed = Seed{3}, .noise = 0.05});
  StoppingRule rule;
  rule.relative_confidence = 0.01;
  rule.max_time_s = 1e9;
  rule.max_samples = 1 << 30;
  const Measurement m = measure(backend, kOp, {}, rule, clock_of(backend));
  // The truth lies within a few half-widths of the measured median: 1 % at 95 % confidence, so 2.5 % is five
  // sigma.
  CHECK(m.times.median_s == Approx(backend.truth(kOp, {}).value()).epsilon(0.025));
  // A lognormal spread of 5 % needs about (1.96 * 1.2533 * 0.05 / 0.01)^2 = 151 calls for that.
  CHECK(m.times.samples > 75);
  CHECK(m.times.samples < 400);
}

TEST_CASE("a limit in time or calls ends a visit that would never be sure") {
  FakeBackend backend({.seed = Seed{4}, .noise = 1.0});
  StoppingRule rule;
  rule.relative_confidence = 1e-6;
  rule.max_time_s = 0.01;
  const double before = backend.now();
  const Measurement timed = measure(backend, kOp, {}, rule, clock_of(backend));
  CHECK(timed.times.samples >= rule.min_samples);
  CHECK(backend.now() - before < 0.03);
  rule.max_time_s = 1e9;
  rule.max_samples = 60;
  CHECK(measure(backend, kOp, {}, rule, clock_of(backend)).times.samples < 90);
}

TEST_CASE("outliers are counted and kept, and do not move the median") {
  FakeBackend clean({.seed = Seed{5}, .outlier_share = 0.0}), dirty({.seed = Seed{5}, .outlier_share = 0.05});
  StoppingRule rule;
  rule.relative_confidence = 1e-9;
  rule.max_samples = 2000;
  rule.max_time_s = 1e9;
  const Measurement without = measure(clean, kOp, {}, rule, clock_of(clean));
  const Measurement with = measure(dirty, kOp, {}, rule, clock_of(dirty));
  const double share = static_cast<double>(with.times.outliers) / with.times.samples;
  CHECK(share == Approx(0.05).margin(5.0 * std::sqrt(0.05 * 0.95 / with.times.samples)));
  CHECK(static_cast<double>(without.times.outliers) / without.times.samples < 0.01);
  CHECK(with.times.median_s == Approx(without.times.median_s).epsilon(0.005));
  // Five per cent of the calls take five times as long: the mean rises by 20 %, the maximum by the factor.
  CHECK(with.times.mean_s / with.times.median_s == Approx(1.2).margin(0.05));
  CHECK(with.times.max_s > 4.0 * with.times.median_s);
}

TEST_CASE("a summary holds ascending quantiles around the median") {
  std::vector<double> samples;
  for (int i = 100; i >= 0; --i) samples.push_back(1.0 + i);
  const Distribution d = summarise(samples);
  CHECK(d.median_s == 51.0);
  CHECK(d.min_s == 1.0);
  CHECK(d.max_s == 101.0);
  CHECK(d.quantiles_s.front() == Approx(2.0));
  CHECK(d.quantiles_s.back() == Approx(100.0));
  CHECK(d.outliers == 0);
}

TEST_CASE("collectives and operators of all ranks are measured through the same function") {
  FakeBackend backend({.seed = Seed{6}});
  const cost::CollectiveCase all_reduce{cost::CollectiveKind::all_reduce, Bytes(65536), 2};
  const Measurement c = measure(backend, all_reduce, {2, Bytes(0)}, {}, clock_of(backend));
  CHECK(c.times.median_s == Approx(backend.truth(all_reduce).value()).epsilon(0.02));
  const cost::Conditions busy{2, Bytes(1e8)};
  const cost::Op copy = cost::Copy{.elements = 1 << 20};
  const Measurement m = measure(backend, copy, busy, {}, clock_of(backend));
  CHECK(m.times.median_s == Approx(backend.truth(copy, busy).value()).epsilon(0.02));
  CHECK(m.worst_rank_median_s == m.times.median_s);
}

TEST_CASE("the anchors tell how much slower the machine is now") {
  cost::Profile then = fake_truth();
  FakeBackend before({.seed = Seed{7}});
  const cost::Op gemm = cost::Gemm{.m = 256, .n = 256, .k = 256};
  const cost::CollectiveCase all_reduce{cost::CollectiveKind::all_reduce, Bytes(1 << 20), 2};
  then.anchors = {
      {"compute", "gemm_nn", shape_text(gemm), 1, Bytes(0), before.truth(gemm, {}), 0.0, 9},
      {"communication", "all_reduce", shape_text(all_reduce), 2, Bytes(0), before.truth(all_reduce), 0, 9}};
  // The machine of today computes at two thirds of its speed; the network has not changed.
  FakeBackend now({.seed = Seed{8}}, cost::scaled(fake_truth(), {1.5, 1.5, 1.5, 1.0}));
  const cost::SpeedRatios ratios = measure_speed(then, now, clock_of(now));
  CHECK(ratios.compute == Approx(1.5).epsilon(0.01));
  CHECK(ratios.communication == Approx(1.0).epsilon(0.01));
  CHECK(ratios.memory == 1.0);
}
