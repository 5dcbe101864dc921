#include "scenarios/sgd_scenario.hpp"

#include <catch2/catch.hpp>

#include "scenarios/question.hpp"
#include "scenarios/sgd_fold.hpp"
#include "scenarios/sgd_run.hpp"
#include "sim/base/error.hpp"

using namespace orrery;
using namespace orrery::scenario;
using Catch::Contains;

namespace {

// F = w^2 / 2 with step size 0.1: everything below has a closed form.
const std::string kText = R"({
  "version": 1,
  "kind": "sgd",
  "name": "s",
  "learners": 8,
  "problem": {"kind": "quadratic", "curvature": 1.0, "start": 3.0, "sigma2": 4.0},
  "batch": 4,
  "update": {"optimizer": {"kind": "sgd", "learning_rate": 0.1}},
  "compute": {"distribution": {"kind": "constant", "time": "1 s"}},
  "variants": ["sync", "async"],
  "horizon": {"time": "50 s"},
  "evaluation": {"points": 50},
  "seeds": 3
})";

Question question_of(const std::vector<std::string>& overrides) {
  return read_question(parse_json(kText, "s.json"), overrides);
}

SgdReport report_of(const std::vector<std::string>& overrides = {}) {
  return std::get<SgdReport>(answer(question_of(overrides)).report);
}

std::string error_of(const std::vector<std::string>& overrides) {
  try {
    question_of(overrides);
  } catch (const ScenarioError& error) {
    return error.what();
  }
  return "no error";
}

sgd::SgdResult run_with_losses(const std::vector<double>& losses) {
  sgd::SgdResult run;
  for (std::size_t i = 0; i < losses.size(); ++i) {
    sgd::CurvePoint point;
    point.time = Seconds(static_cast<double>(i));
    point.loss = losses[i];
    run.curve.push_back(point);
  }
  return run;
}

}  // namespace

TEST_CASE("the answer puts theory beside simulation, one entry per variant") {
  const SgdReport report = report_of();
  REQUIRE(report.variants.size() == 2);
  const SgdVariantReport &sync = report.variants[0], &async = report.variants[1];
  // Constant times of 1 s: sync updates every second, async eight times a second with each gradient 7 updates old.
  CHECK(sync.iteration_expected_s == Approx(1.0));
  CHECK(sync.iteration_s == Approx(1.0));
  CHECK(sync.staleness == 0.0);
  CHECK(async.iteration_expected_s == Approx(0.125));
  CHECK(async.iteration_s == Approx(0.125));
  CHECK(sync.updates == 50);
  CHECK(async.updates == 400);
  CHECK(async.staleness == Approx(7.0).margin(0.1));  // the first seven gradients are younger
  CHECK(sync.scaling_efficiency == Approx(1.0));
  CHECK(sync.wasted_share == 0.0);
  CHECK(sync.curve.front().loss == Approx(4.5));
}

TEST_CASE("shares of the learners' time sum to 1") {
  for (const SgdVariantReport& v :
       report_of({"variants=[\"sync\",\"k_sync\",\"k_batch_sync\",\"k_async\",\"async\",\"local_sgd\"]",
                  "compute.distribution={\"kind\":\"exponential\",\"mean\":\"1 s\"}"})
           .variants) {
    CAPTURE(v.label);
    CHECK(v.computed_share + v.wasted_share + v.waited_share + v.communicated_share == Approx(1.0).margin(1e-6));
  }
}

TEST_CASE("an unstable step size is warned of with its bound") {
  // A delay of 7 is stable below 2 sin(pi / 30) = 0.2091 (oracle B4.stability.tau7), no delay below 2.
  const SgdReport report = report_of({"update.optimizer.learning_rate=0.22"});
  REQUIRE(report.warnings.size() >= 1);
  CHECK_THAT(report.warnings.back(), Contains("async") && Contains("learning rate 0.22 is not below 0.2"));
  CHECK(report_of({"update.optimizer.learning_rate=0.1"}).warnings.empty());
}

TEST_CASE("runs that end at an update are compared at common moments, and at their ends") {
  const SgdReport report = report_of({"horizon.updates=20"});
  const SgdVariantReport &sync = report.variants[0], &async = report.variants[1];
  CHECK(sync.end_s == Approx(20.0));
  CHECK(async.end_s == Approx(3.0));  // eight gradients arrive each second
  CHECK(async.updates == 20);
  for (const SgdVariantReport* v : {&sync, &async}) {
    for (std::size_t i = 0; i < v->curve.size(); ++i) CHECK(v->curve[i].time_s == Approx(static_cast<double>(i)));
  }
  CHECK(async.curve.size() == 4);
  CHECK_THAT(report.verdict, Contains("after 3.00 s"));
}

TEST_CASE("without an update there is no time between updates") {
  CHECK_FALSE(report_of({"horizon.time=0.5 s", "variants=[\"sync\"]"}).variants[0].iteration_s.has_value());
}

TEST_CASE("scaling efficiency is 1 for one slow learner as for one fast one") {
  const SgdReport report = report_of({"compute.factors=[2]", "variants=[\"async\"]"});
  CHECK(report.compute_mean_s == Approx(2.0));
  CHECK(report.variants[0].scaling_efficiency == Approx(1.0).margin(0.02));
}

TEST_CASE("where compute times have no mean, what hangs on it is absent") {
  const SgdReport report = report_of({"compute.distribution={\"kind\":\"pareto\",\"shape\":0.9}"});
  CHECK_FALSE(report.compute_mean_s.has_value());
  CHECK_FALSE(report.variants[0].scaling_efficiency.has_value());
}

TEST_CASE("a dry run knows that a kind's name alone comes from the file") {
  for (const ResolvedValue& value : resolved_values(question_of({}))) {
    if (value.path == "variants.1.kind") CHECK(value.origin == "file");
  }
}

TEST_CASE("a target counts from the moment at which it holds for good") {
  const SgdTarget target{1.0, std::nullopt};
  CHECK(time_to(run_with_losses({3, 0.9, 2, 0.8, 0.7}), target) == 3.0);
  CHECK_FALSE(time_to(run_with_losses({3, 0.9, 2}), target).has_value());
  CHECK(time_to(run_with_losses({0.5}), target) == 0.0);
}

TEST_CASE("wrong input of a sgd scenario is met with a value that would work") {
  CHECK_THAT(error_of({"variants=[{\"kind\":\"k_sync\",\"k\":9}]"}), Contains("variants[0]") && Contains("use k <= 8"));
  CHECK_THAT(error_of({"variants=[{\"kind\":\"local_sgd\",\"tau\":0}]"}), Contains("tau") && Contains("1"));
  CHECK_THAT(error_of({"variants=[\"k_snyc\"]"}), Contains("k_sync"));
  CHECK_THAT(error_of({"variants=[]"}), Contains("at least one"));
  CHECK_THAT(error_of({"variants=[\"sync\",\"sync\"]"}), Contains("is the same as $.variants[0]"));
  CHECK_THAT(error_of({"compute.distribution={\"kind\":\"expnential\"}"}), Contains("exponential"));
  CHECK_THAT(error_of({"compute.distribution={\"kind\":\"pareto\",\"shape\":-1}"}), Contains("shape"));
  CHECK_THAT(error_of({"compute.factors=[1,1,1,1,1,1,1,1,1]"}), Contains("9 factors for 8 learners"));
  CHECK_THAT(error_of({"aggregation={\"kind\":\"all_reduce\"}"}), Contains("variants[1]"));  // async cannot
  CHECK_THAT(error_of({"batch=1000000000"}), Contains("batch") && Contains("1048576"));
  CHECK_THAT(error_of({"problem={\"kind\":\"mlp\",\"hidden\":[65536,65536]}", "data=\"digits\""}),
             Contains("problem") && Contains("GiB"));
  CHECK_THAT(error_of({"horizon.time=1e10 s"}), Contains("horizon.time") && Contains("1e9 s"));
  CHECK_THAT(error_of({"outputs.loss_at=[\"60 s\"]"}), Contains("horizon.time"));
  CHECK_THAT(error_of({"problem=softmax_regression", "data={\"kind\":\"fashion_mnist\",\"dir\":\"nowhere\"}"}),
             Contains("data") && Contains("\"digits\""));
}
