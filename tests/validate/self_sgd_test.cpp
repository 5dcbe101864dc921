// The parts of `validate self-sgd` that need no processes: the suite, the calibration, the seal, the score.
#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "scenarios/artifact.hpp"
#include "sim/base/error.hpp"
#include "sim/base/stats.hpp"
#include "validate/self_sgd_score.hpp"
#include "validate/self_sgd_store.hpp"
#include "workloads/sync/coordinator.hpp"

using namespace orrery;
using namespace orrery::validate;

namespace {

Registered<sync::Variant> async_variant() {
  return Registered<sync::Variant>("async");
}

/// Three moments; the losses fall by a factor of `fall` from each to the next.
SgdOutcome outcome(std::uint64_t seed, double rate, std::vector<std::int64_t> staleness, double fall) {
  SgdOutcome result{seed, rate, std::move(staleness), {2.0}};
  for (int i = 0; i < 3; ++i) result.losses.push_back(result.losses.back() * fall);
  return result;
}

/// Four simulated runs whose factors are spread evenly around 1/2; one twin of seed 101.
SelfSgdPredictions predictions() {
  SelfSgdPredictions p;
  p.setting.points = 3;
  p.setting.time = Seconds(3.0);
  p.target_loss = 0.5;
  SelfSgdPrediction prediction{async_variant(), {}, {}};
  for (int i = 0; i < 4; ++i) {
    prediction.band.push_back(outcome(static_cast<std::uint64_t>(i + 1), 10.0, {1, 1, 28}, 0.5 * std::exp(0.01 * (i - 1.5))));
  }
  prediction.twins.push_back(outcome(101, 10.3333, {1, 1, 29}, 0.5));
  p.predictions.push_back(prediction);
  return p;
}

/// Asynchronous: learners 0, 1, .. `busy` - 1 in turn, so that the staleness is 0, 1, .., `busy` - 1, `busy` - 1, ...
SelfSgdRun run_of(double fall, int updates = 31, int busy = 3, std::uint64_t seed = 101) {
  SelfSgdRun run;
  run.task = {async_variant(), seed, Seconds(3.0)};
  sync::Coordinator coordinator(*run.task.variant, 4);
  for (int i = 0; i < updates; ++i) {
    run.arrivals.push_back(i % busy);
    coordinator.arrive(i % busy, Seconds(0.0), 0.0);
  }
  run.outcome = outcome(seed, std::round(updates / 3.0 * 1e4) / 1e4, coordinator.books().staleness, fall);
  run.gradients = updates;
  char text[17];
  std::snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(coordinator.decisions_hash()));
  run.decisions_hash = text;
  return run;
}

std::string scratch_folder() {
  return std::string(ORRERY_BINARY_DIR) + "/self_sgd_test";
}

}  // namespace

TEST_CASE("no real run of self-sgd has the seed of another, of a calibration run or of a predicted band") {
  SelfSgdSetting setting;
  std::set<std::uint64_t> seeds;
  for (std::uint64_t seed = 1; seed <= kPredictedSeeds; ++seed) seeds.insert(seed);
  const auto tasks = self_sgd_tasks(setting, 3), calibration = self_sgd_calibration(setting);
  CHECK(tasks.size() == 21);
  for (const SelfSgdTask& task : tasks) CHECK(seeds.insert(task.seed).second);
  for (const SelfSgdTask& task : calibration) CHECK(seeds.insert(task.seed).second);
  std::set<std::string> labels;
  for (const auto& variant : self_sgd_variants(setting.learners)) {
    CHECK_FALSE(variant->refusal(setting.learners));
    labels.insert(variant->label());
  }
  CHECK(labels.size() == 7);
}

TEST_CASE("what a mini-batch takes beside its compute time is the mean of the calibration runs") {
  SelfSgdRun a, b;
  a.late_s = 1e-4;
  a.reply_s = 2e-4;
  b.late_s = 1e-4;
  b.reply_s = 5e-4;
  const SelfSgdCalibration calibration = calibrate_self_sgd({a, b});
  CHECK(calibration.overhead_s == Approx(4.5e-4));
  CHECK(calibration.late_s == Approx(1e-4));
  CHECK(calibration.spread == Approx(1.0));
  CHECK_THROWS_AS(calibrate_self_sgd({}), ScenarioError);
}

TEST_CASE("the constant of a mini-batch lengthens the simulated compute time") {
  // One synchronous learner: updates/s = 1 / (mean compute time + r).
  SelfSgdSetting setting;
  setting.learners = 1;
  setting.least = Seconds(0.010);
  setting.excess = Seconds(1e-9);
  setting.points = 2;
  SelfSgdCalibration calibration;
  const SelfSgdTask task{Registered<sync::Variant>("sync"), 1, Seconds(2.0)};
  CHECK(simulate_self_sgd(setting, calibration, task).updates_per_s == Approx(100.0).epsilon(0.01));
  calibration.overhead_s = 0.010;
  CHECK(simulate_self_sgd(setting, calibration, task).updates_per_s == Approx(50.0).epsilon(0.01));
}

TEST_CASE("the time to a loss is linear between moments, and nothing when it is not reached") {
  CHECK(time_to_loss({2.0, 1.0, 0.5}, 10.0, 1.0) == 5.0);
  CHECK(time_to_loss({2.0, 1.0, 0.5}, 10.0, 0.75) == 7.5);
  CHECK(time_to_loss({2.0, 1.0, 0.5}, 10.0, 3.0) == 0.0);
  CHECK_FALSE(time_to_loss({2.0, 1.0, 0.5}, 10.0, 0.4));
}

TEST_CASE("a real run like the simulated ones is within tolerance") {
  const SelfSgdScore score = score_self_sgd(predictions(), {run_of(0.5)});
  const SelfSgdVariantScore& v = score.variants.at(0);
  CHECK(v.updates_error == Approx(10.0 / 10.3333 - 1.0));
  CHECK(v.twin_updates_error == Approx(0.0));
  CHECK(v.twin_loss_error == Approx(0.0));
  CHECK(v.measured_staleness == Approx(59.0 / 31.0));
  CHECK(v.staleness_error == Approx((57.0 / 30.0) / (59.0 / 31.0) - 1.0));
  CHECK(v.ks == Approx(2.0 / 30.0 - 2.0 / 31.0));
  CHECK(v.points_inside == 3);
  CHECK(v.curves_inside == 1);
  CHECK(*v.measured_target_s == Approx(2.0));
  CHECK(score.replayed == 1);
  CHECK(score.passed);
}

TEST_CASE("each goal of self-sgd can be missed") {
  const auto passed = [](const SelfSgdRun& run) {
    const SelfSgdScore score = score_self_sgd(predictions(), {run});
    CHECK(score.replayed == 1);
    return score.passed;
  };
  CHECK(passed(run_of(0.5, 30)));
  CHECK_FALSE(passed(run_of(0.5, 28)));     // 6.7 % fewer updates
  CHECK_FALSE(passed(run_of(0.5, 30, 2)));  // staleness 29/30 instead of 57/30
  CHECK_FALSE(passed(run_of(0.6, 30)));     // the loss falls too slowly
}

TEST_CASE("a run whose outcome is not what its arrivals give misses the goal, and the score says which") {
  const auto fits = [](const SelfSgdRun& run) {
    const SelfSgdScore score = score_self_sgd(predictions(), {run});
    const std::string name = "does not replay: " + async_variant()->label() + ", seed 101: ";
    CHECK(score.passed == (score.replayed == 1));
    CHECK((self_sgd_score_text(score).find(name) == std::string::npos) == score.passed);
    return score.passed;
  };
  const SelfSgdRun run = run_of(0.5, 30);
  CHECK(fits(run));
  SelfSgdRun forged = run;
  forged.arrivals.back() = 1;
  CHECK_FALSE(fits(forged));
  forged = run;
  forged.outcome.updates_per_s *= 1.03;
  CHECK_FALSE(fits(forged));
  forged = run;
  forged.outcome.updates_per_s /= 1.03;
  CHECK_FALSE(fits(forged));
  forged = run;
  forged.outcome.staleness = {1, 2, 27};
  CHECK_FALSE(fits(forged));
  forged = run;
  forged.cancelled = 1;
  CHECK_FALSE(fits(forged));
  SelfSgdRun late = run;  // the server looked at the clock 1 % late, and the record says so
  late.duration_s = 3.03;
  CHECK_FALSE(fits(late));
  late.outcome.updates_per_s = 9.90099;
  CHECK(fits(late));
  SelfSgdRun early = run;  // no run ends before its time
  early.duration_s = 2.97;
  early.outcome.updates_per_s = 10.101;
  CHECK_FALSE(fits(early));
}

TEST_CASE("arrivals that no run can have miss the goal") {
  // Synchronous: whoever has sent its gradient waits for all others.
  SelfSgdPredictions sync = predictions();
  sync.predictions[0].variant.select("sync");
  SelfSgdRun run = run_of(0.5);
  run.task.variant.select("sync");
  run.arrivals = {0, 0, 1, 2, 3};
  const SelfSgdScore score = score_self_sgd(sync, {run});
  CHECK(score.replayed == 0);
  CHECK_FALSE(score.passed);
}

TEST_CASE("the band of a moment is Student's prediction interval of the logarithms of the losses") {
  // Logarithms at moment 1: log(1) + 0.01 (i - 1.5), i = 0 .. 3: mean 0, deviation 0.01 sqrt(5/3). At the later moments
  // the band is wider in proportion, and so is the deviation of a curve that falls by another factor.
  const double half = student_t_quantile(0.975, 3.0) * 0.01 * std::sqrt(5.0 / 3.0) * std::sqrt(1.25);
  const auto inside = [](double factor) {
    return score_self_sgd(predictions(), {run_of(factor)}).variants[0].points_inside;
  };
  CHECK(inside(0.5 * std::exp(0.99 * half)) == 3);
  CHECK(inside(0.5 * std::exp(1.01 * half)) == 0);
}

TEST_CASE("a session of self-sgd that was changed or mixed up is refused") {
  const std::string folder = scratch_folder();
  const SelfSgdPredictions sealed = predictions();
  const std::string seal = seal_self_sgd(folder, sealed);
  SelfSgdRun run = run_of(0.5);
  const auto store = [&folder](const SelfSgdRun& r) {
    scenario::write_artifacts(folder, {{kSelfSgdRunsFile, self_sgd_run_line(r)}});
  };
  run.predictions_hash = seal;
  store(run);
  const SelfSgdSession session = read_self_sgd_session(folder);
  CHECK(self_sgd_score_text(score_self_sgd(session.predictions, session.runs)) ==
        self_sgd_score_text(score_self_sgd(sealed, {run})));

  SelfSgdRun wrong = run;
  wrong.predictions_hash = "0123456789abcdef";
  store(wrong);
  CHECK_THROWS_AS(read_self_sgd_session(folder), ScenarioError);
  wrong = run;
  wrong.outcome.losses.pop_back();
  store(wrong);
  CHECK_THROWS_AS(read_self_sgd_session(folder), ScenarioError);
  wrong = run;
  wrong.arrivals.push_back(4);
  store(wrong);
  CHECK_THROWS_AS(read_self_sgd_session(folder), ScenarioError);

  wrong = run;
  wrong.task.seed = 102;
  store(wrong);
  CHECK_THROWS_AS(read_self_sgd_session(folder), ScenarioError);
  wrong = run;
  wrong.task.time = Seconds(2.0);
  store(wrong);
  CHECK_THROWS_AS(read_self_sgd_session(folder), ScenarioError);

  store(run);
  std::string text = scenario::read_file(folder + "/" + kSelfSgdPredictionsFile);
  text.replace(text.find("10.3333"), 7, "10.4333");
  scenario::write_artifacts(folder, {{kSelfSgdPredictionsFile, text}});
  CHECK_THROWS_AS(read_self_sgd_session(folder), ScenarioError);
}

TEST_CASE("a session of self-sgd holds each predicted run once, and the message says which it does not") {
  const std::string folder = scratch_folder() + "_complete", file = folder + "/" + kSelfSgdRunsFile;
  SelfSgdPredictions sealed = predictions();
  sealed.predictions[0].twins.push_back(outcome(102, 10.0, {1, 1, 28}, 0.5));
  const std::string seal = seal_self_sgd(folder, sealed);
  const auto read = [&](const std::vector<std::uint64_t>& seeds) {
    std::string text;
    for (const std::uint64_t seed : seeds) {
      SelfSgdRun run = run_of(0.5, 30, 3, seed);
      run.predictions_hash = seal;
      text += self_sgd_run_line(run);
    }
    scenario::write_artifacts(folder, {{kSelfSgdRunsFile, text}});
    return read_self_sgd_session(folder).runs.size();
  };
  const std::string name = async_variant()->label() + " with seed ";
  CHECK(read({102, 101}) == 2);
  CHECK_THROWS_WITH(read({101}), file + ": incomplete: 1 of 2 predicted runs are missing: " + name + "102");
  CHECK_THROWS_WITH(read({101, 102, 101}), file + ", line 3: " + name + "101 is in line 1 already");
  CHECK_THROWS_WITH(read({101, 102, 103}), file + ", line 3: " + name + "103 was not predicted");
  CHECK_THROWS_WITH(read({}), Catch::StartsWith(file + ": "));
}

TEST_CASE("the length of a run of self-sgd is a number of seconds from 1 to 3600") {
  CHECK(self_sgd_setting(3, 15.0).points == 20);
  CHECK(self_sgd_setting(3, 4.0).points == 8);
  CHECK(self_sgd_setting(3, 4.0).learners == 3);
  CHECK_THROWS_WITH(self_sgd_setting(4, std::nan("")), Catch::StartsWith("--seconds: nan"));
  CHECK_THROWS_AS(self_sgd_setting(4, 0.5), ScenarioError);
  CHECK_THROWS_AS(self_sgd_setting(4, HUGE_VAL), ScenarioError);
}

TEST_CASE("a session of self-sgd is not written where a file is") {
  const std::string folder = scratch_folder() + "_out";
  scenario::write_artifacts(folder, {{"file", "text"}});
  CHECK_NOTHROW(check_session_folder(folder));
  CHECK_NOTHROW(check_session_folder(folder + "/new/below"));
  CHECK_NOTHROW(check_session_folder("self_sgd_that_does_not_exist"));
  CHECK_THROWS_WITH(check_session_folder(folder + "/file"), Catch::StartsWith("--out: " + folder + "/file"));
  CHECK_THROWS_AS(check_session_folder(folder + "/file/below"), ScenarioError);
}

TEST_CASE("a file of runs without a run is refused by its name") {
  CHECK_THROWS_WITH(read_self_sgd_runs("", "folder/runs.jsonl"), Catch::StartsWith("folder/runs.jsonl: "));
}

TEST_CASE("the stored session of self-sgd is scored as it was") {
  const std::string folder = std::string(ORRERY_SOURCE_DIR) + "/validate/data/self_sgd_4_learners";
  SelfSgdSession session = read_self_sgd_session(folder);
  CHECK(self_sgd_score_text(score_self_sgd(session.predictions, session.runs)) ==
        scenario::read_file(folder + "/score.txt"));
  for (SelfSgdRun& run : session.runs) run.outcome.updates_per_s *= 1.03;
  const SelfSgdScore altered = score_self_sgd(session.predictions, session.runs);
  CHECK(altered.replayed == 0);
  CHECK_FALSE(altered.passed);
}
