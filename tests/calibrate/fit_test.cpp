// The fit against a machine whose truth is known: it must find the parameters again, predict shapes it has
// not seen, and be honest about its errors.
#include "calibrate/fit/fit.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "calibrate/campaign.hpp"
#include "calibrate/fake_backend.hpp"
#include "calibrate/noise_table.hpp"
#include "calibrate/points.hpp"
#include "sim/base/error.hpp"
#include "sim/base/stats.hpp"

using namespace orrery;
using namespace orrery::calibrate;

namespace {

/// Enough for every kind of model: a copy that fixes the bandwidths, arithmetic, rows with tails, products,
/// messages.
const std::set<std::string> kClasses{"copy", "gelu_forward", "softmax_forward", "gemm_nn", "all_reduce"};

std::vector<Visit> small_plan(Seed seed) {
  std::vector<Visit> plan;
  for (const Visit& visit : plan_sweep({.seed = seed})) {
    // Two thirds of the products are enough here, and a fit takes time under sanitizers.
    const auto* op = std::get_if<cost::Op>(&visit.subject);
    const auto* gemm = op != nullptr ? std::get_if<cost::Gemm>(op) : nullptr;
    if (gemm != nullptr && !visit.is_anchor && (gemm->m + gemm->n + gemm->k) % 3 == 0) continue;
    if (visit.is_anchor || kClasses.count(class_name(visit.subject)) > 0) plan.push_back(visit);
  }
  return plan;
}

MeasurementFile measured(FakeBackend& backend, Seed seed) {
  MeasurementFile file{"2026-01-31", backend.fingerprint(), {}, {}};
  run_campaign(backend, small_plan(seed), {.budget_s = 20.0}, [&backend] { return backend.now(); },
               {[&file](const Measurement& row) { file.rows.push_back(row); }, {}});
  return file;
}

/// Five calls a visit, whatever they say: the noise of a row is known.
MeasurementFile measured_in_haste(Seed noise, Seed plan, double drift = 0.0) {
  FakeBackend backend({.seed = noise,
                       .noise = 0.1,
                       .outlier_share = 0.0,
                       .drift = drift,
                       .drift_period_s = 5.0,
                       .seconds_per_prepare = 0.01});
  MeasurementFile file{"2026-01-31", backend.fingerprint(), {}, {}};
  for (const Visit& visit : small_plan(plan)) {
    const auto* op = std::get_if<cost::Op>(&visit.subject);
    const auto timed = op != nullptr ? backend.prepare(*op, visit.conditions)
                                     : backend.prepare(std::get<cost::CollectiveCase>(visit.subject));
    std::vector<double> samples;
    for (int i = 0; i < 5; ++i) samples.push_back(timed->run().value());
    Measurement row;
    row.subject = visit.subject;
    row.conditions = visit.conditions;
    row.is_anchor = visit.is_anchor;
    row.round = visit.round;
    row.start_s = backend.now();
    row.times = summarise(samples);
    row.backend = "fake";
    file.rows.push_back(row);
  }
  return file;
}

cost::OperatorClass operator_class(const cost::Profile& profile, const std::string& name) {
  return *std::find_if(profile.operators.begin(), profile.operators.end(),
                       [&name](const cost::OperatorClass& c) { return c.name == name; });
}

/// Neighbours read 10 GB/s through the third level.
cost::Profile machine_with_neighbours() {
  cost::Profile truth = fake_truth();
  truth.memory.neighbour_traffic = BytesPerSec(1e10);
  return truth;
}

/// Fitted once: 0.5 % noise on single calls, so that the truth is visible.
const cost::Profile& steady_profile() {
  static const cost::Profile profile = [] {
    FakeBackend backend({.seed = Seed{11}, .noise = 0.005}, machine_with_neighbours());
    return fit_profile(measured(backend, Seed{1}), "fake");
  }();
  return profile;
}

const MeasurementFile& noisy_table() {
  static const MeasurementFile file = measured_in_haste(Seed{12}, Seed{1});
  return file;
}
const cost::Profile& noisy_profile() {
  static const cost::Profile profile = fit_profile(noisy_table(), "fake");
  return profile;
}

}  // namespace

TEST_CASE("the fit finds the memory levels of the fake machine again") {
  const cost::MemoryLevels found = steady_profile().memory, truth = machine_with_neighbours().memory;
  CHECK(found.l2_bandwidth / truth.l2_bandwidth == Approx(1.0).epsilon(0.05));
  CHECK(found.l3_bandwidth / truth.l3_bandwidth == Approx(1.0).epsilon(0.05));
  CHECK(found.memory_bandwidth / truth.memory_bandwidth == Approx(1.0).epsilon(0.05));
  CHECK(found.l2_capacity / truth.l2_capacity == Approx(1.0).epsilon(0.1));
  CHECK(found.l3_capacity / truth.l3_capacity == Approx(1.0).epsilon(0.1));
  CHECK(found.memory_contention == Approx(truth.memory_contention).epsilon(0.1));
  CHECK(found.neighbour_traffic / truth.neighbour_traffic == Approx(1.0).epsilon(0.1));
  CHECK(found.l3_sharing == Approx(truth.l3_sharing).margin(0.1));
}

TEST_CASE("the fit finds the parameters of products and of row-wise operators again") {
  const auto gemm = std::get<cost::GemmModel>(operator_class(steady_profile(), "gemm_nn").model);
  const auto gemm_truth = std::get<cost::GemmModel>(operator_class(fake_truth(), "gemm_nn").model);
  CHECK(gemm.peak / gemm_truth.peak == Approx(1.0).epsilon(0.03));
  CHECK(gemm.overhead / gemm_truth.overhead == Approx(1.0).epsilon(0.1));
  CHECK(gemm.fill == Approx(gemm_truth.fill).epsilon(0.1));
  CHECK(gemm.tile_m == gemm_truth.tile_m);
  CHECK(gemm.tile_n == gemm_truth.tile_n);
  CHECK(gemm.busy_slowdown == Approx(gemm_truth.busy_slowdown).epsilon(0.2));
  const auto softmax =
      std::get<cost::RowwiseModel>(operator_class(steady_profile(), "softmax_forward").model);
  const auto softmax_truth =
      std::get<cost::RowwiseModel>(operator_class(fake_truth(), "softmax_forward").model);
  CHECK(softmax.element_time / softmax_truth.element_time == Approx(1.0).epsilon(0.05));
  CHECK(softmax.tail_time / softmax_truth.tail_time == Approx(1.0).epsilon(0.2));
}

TEST_CASE("the fit finds the regimes of an all-reduce again") {
  const cost::CollectiveModel found = steady_profile().collectives.at(0).model;
  const cost::CollectiveModel truth = fake_truth().collectives.at(0).model;
  REQUIRE(found.regimes.size() == truth.regimes.size());
  for (std::size_t r = 0; r < found.regimes.size(); ++r) {
    CHECK(found.regimes[r].alpha / truth.regimes[r].alpha == Approx(1.0).epsilon(0.1));
    // At two ranks the volume is S and the added part S/2: only beta + gamma/2 can be seen.
    const double slope = found.regimes[r].beta.value() + 0.5 * found.gamma.value();
    CHECK(slope == Approx(truth.regimes[r].beta.value() + 0.5 * truth.gamma.value()).epsilon(0.05));
  }
}

TEST_CASE("shapes that were not measured are predicted within a few per cent") {
  const auto model = cost::make_cost_model(steady_profile());
  const FakeBackend truth({}, machine_with_neighbours());
  std::vector<double> errors;
  for (const Visit& visit : sweep_cases({.seed = Seed{99}})) {
    if (kClasses.count(class_name(visit.subject)) == 0) continue;
    const auto* op = std::get_if<cost::Op>(&visit.subject);
    if (op == nullptr) continue;
    const Seconds true_time = truth.truth(*op, visit.conditions);
    cost::Conditions conditions = visit.conditions;
    conditions.reuse_time = cost::rotation_time(cost::footprint(*op), conditions.reuse_distance, true_time);
    errors.push_back(std::abs(std::log(model->estimate(*op, conditions).time / true_time)));
  }
  REQUIRE(errors.size() > 100);
  CHECK(median(errors) < 0.01);
  CHECK(quantile(errors, 0.95) < 0.05);
}

TEST_CASE("with nothing but noise the leave-one-out error is about the noise") {
  // sd(log) of the median of five calls is 0.1 * 1.2533 / sqrt(5) = 0.056; the median of three such visits
  // has about 0.67 of it, 0.038, whose median absolute value is 0.6745 * 0.038 = 0.025. The fit adds a little
  // of its own.
  std::vector<double> distances;
  for (const cost::OperatorClass& c : noisy_profile().operators) {
    for (const double error : c.residual.held_out) distances.push_back(std::abs(error));
  }
  REQUIRE(distances.size() > 150);
  CHECK(median(distances) > 0.020);
  CHECK(median(distances) < 0.038);
}

TEST_CASE("the 80 % interval of an estimate covers about 80 % of points that were held out") {
  const auto model = cost::make_cost_model(noisy_profile());
  int inside = 0, all = 0;
  for (const Point& point : pool_points(measured_in_haste(Seed{13}, Seed{77}).rows)) {
    const auto* op = std::get_if<cost::Op>(&point.subject);
    if (op == nullptr) continue;
    const cost::Estimate estimate = model->estimate(*op, point.conditions);
    const double error = std::log(point.seconds / estimate.time.value());
    inside += std::abs(error) <= 1.2816 * estimate.rel_error ? 1 : 0;
    ++all;
  }
  const double share = static_cast<double>(inside) / all;
  INFO("covered " << share << " of " << all);
  CHECK(share > 0.70);
  CHECK(share < 0.92);
}

TEST_CASE("the drift of the machine is found in its anchors and taken out of the points") {
  // A slow swing by +-0.3: three visits at random moments would leave an error of about 0.67 * 0.3 / sqrt(2)
  // = 0.14.
  FakeBackend truth;
  const MeasurementFile drifting = measured_in_haste(Seed{14}, Seed{1}, 0.3);
  std::vector<double> errors;
  for (const Point& point : pool_points(drifting.rows)) {
    const auto* op = std::get_if<cost::Op>(&point.subject);
    if (op != nullptr) errors.push_back(std::log(point.seconds / truth.truth(*op, point.conditions).value()));
  }
  // What is left is the noise of the visits (0.038 as above), of the anchors, and the swing between two of
  // them.
  CHECK(1.4826 * median_absolute_deviation(errors) < 0.08);
  const std::vector<cost::Anchor> anchors = condense_anchors(drifting.rows);
  CHECK(anchors.size() == 4);
  // Half of the time a sine is further than sin(pi / 4) = 0.71 of its amplitude from 0: 0.3 * 0.71 * 1.4826 =
  // 0.31.
  CHECK(common_drift(anchors) == Approx(0.31).margin(0.08));
  CHECK(steady_profile().drift < 0.01);
}

TEST_CASE("outside the measured range an estimate is called extrapolated and its error is larger") {
  const auto model = cost::make_cost_model(steady_profile());
  const cost::Estimate inside = model->estimate(cost::Gemm{.m = 256, .n = 256, .k = 256}, {});
  const cost::Estimate outside = model->estimate(cost::Gemm{.m = 1 << 17, .n = 256, .k = 256}, {});
  const cost::Estimate far = model->estimate(cost::Gemm{.m = 1 << 20, .n = 256, .k = 256}, {});
  CHECK(inside.source == cost::Source::fitted);
  CHECK(outside.source == cost::Source::extrapolated);
  CHECK(outside.rel_error > 3.0 * inside.rel_error);
  CHECK(far.rel_error > outside.rel_error);
}

TEST_CASE("single calls spread as they were measured, by the profile's noise") {
  const auto model = cost::make_cost_model(steady_profile());
  const cost::Op op = cost::Gemm{.m = 256, .n = 256, .k = 256};
  const cost::Noise& noise = model->noise(op, model->estimate(op, {}).time);
  CHECK(noise.at(0.5) == 1.0);
  // Lognormal with sigma 0.005: the quartiles lie at exp(-+0.6745 * 0.005).
  CHECK(noise.at(0.25) == Approx(std::exp(-0.6745 * 0.005)).margin(0.0015));
  CHECK(noise.at(0.75) == Approx(std::exp(0.6745 * 0.005)).margin(0.0015));
}

TEST_CASE("the same table gives the same profile, byte for byte, and it round-trips") {
  MeasurementFile file = noisy_table();
  std::erase_if(file.rows, [](const Measurement& m) {
    const std::string name = class_name(m.subject);
    return !m.is_anchor && name != "copy" && name != "all_reduce";
  });
  const std::string text = cost::write_profile(fit_profile(file, "fake"));
  CHECK(cost::write_profile(fit_profile(file, "fake")) == text);
  CHECK(cost::write_profile(cost::parse_profile(text, "p.json")) == text);
  CHECK(text.find("\"backend\": \"fake\"") != std::string::npos);
}

TEST_CASE("a table of two machines or of too few shapes is refused") {
  MeasurementFile file = noisy_table();
  file.rows.back().fingerprint_id = "other";
  CHECK_THROWS_WITH(fit_profile(file, "m.csv"), Catch::Contains("m.csv") && Catch::Contains("2 machines"));
  file.rows.resize(3);
  CHECK_THROWS_WITH(fit_profile(file, "m.csv"), Catch::Contains("nothing can be fitted"));
}
