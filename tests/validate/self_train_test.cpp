#include "validate/self_train.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <set>

#include "scenarios/artifact.hpp"
#include "sim/base/error.hpp"
#include "tests/workloads/train/synthetic_costs.hpp"
#include "validate/score.hpp"
#include "validate/suite.hpp"
#include "workloads/model/builder.hpp"

namespace orrery::validate {
namespace {

/// Takes exactly as long as a simulation with known costs says.
class KnownTrainer : public RealTrainer {
 public:
  MeasuredRun train(const scenario::Scenario& scenario) override {
    const Predicted truth = predict(scenario, costs);
    MeasuredRun run;
    run.step_s = {truth.step_s, truth.step_s};
    run.forward_s = run.backward_s = run.communication_s = run.update_s = {1e-3, 1e-3};
    return run;
  }
  train::ConstantCosts costs;
};

std::string fresh_folder(const std::string& name) {
  const auto path = std::filesystem::path(ORRERY_BINARY_DIR) / "validate_test" / name;
  std::filesystem::remove_all(path);
  return path.string();
}

TEST_CASE("the suite has both models, three sizes each, one and two ranks, and two bucket sizes") {
  const auto suite = self_train_suite({});
  REQUIRE(suite.size() >= 16);
  std::set<std::string> names, models, ranks, buckets;
  for (const scenario::Scenario& s : suite) {
    names.insert(s.name);
    models.insert(s.name.substr(0, s.name.find('/')));
    ranks.insert(std::to_string(s.cluster.ranks));
    if (s.cluster.ranks > 1) buckets.insert(s.name.substr(0, 5) + std::to_string(s.plan.bucket.value()));
    REQUIRE(s.steps >= 50);
    REQUIRE(s.batch % s.cluster.ranks == 0);
    REQUIRE_FALSE(s.plan.overlap);
    REQUIRE_NOTHROW(model::build(s.model, s.batch / s.cluster.ranks, model::optimizer_kind(s.optimizer),
                                 s.cluster.ranks));
  }
  REQUIRE(names.size() == suite.size());
  REQUIRE(models == std::set<std::string>{"mlp_s", "mlp_m", "mlp_l", "gpt_s", "gpt_m", "gpt_l"});
  REQUIRE(ranks == std::set<std::string>{"1", "2"});
  REQUIRE(buckets.size() == 12);
  REQUIRE(self_train_suite({.is_short = true}).size() >= 5);
  REQUIRE(self_train_suite({.is_short = true, .steps = 70})[0].steps == 70);
}

TEST_CASE(
    "a trainer that behaves as the cost model says is predicted without error, and scoring can be repeated") {
  const std::string folder = fresh_folder("exact");
  auto suite = self_train_suite({.is_short = true, .steps = 5});
  suite.resize(3);
  KnownTrainer trainer;
  Predictions predictions;
  predictions.predictions = predict_suite(suite, trainer.costs);
  const std::string seal = seal_predictions(folder, predictions);
  REQUIRE(std::filesystem::exists(folder + "/predictions.json"));

  std::vector<std::string> lines;
  const auto runs =
      run_suite(suite, 2, trainer, folder, seal, [&](const std::string& line) { lines.push_back(line); });
  REQUIRE(runs.size() == 6);
  REQUIRE(lines.size() == 6);
  REQUIRE(lines[0].rfind("[1/6] mlp_s/b256/r1 ... ", 0) == 0);
  const Score direct = score(predictions, runs);
  REQUIRE(direct.passed);
  REQUIRE(direct.all.p90 == Approx(0.0).margin(1e-12));
  REQUIRE(direct.coverage == 1.0);

  const StoredSuite stored = read_suite(folder);
  REQUIRE(stored.sealed.seal == seal);
  REQUIRE(score_text(score(stored.sealed.predictions, stored.runs)) == score_text(direct));
}

TEST_CASE("predictions that were changed after sealing are refused") {
  const std::string folder = fresh_folder("changed");
  Predictions predictions;
  Predicted p;
  p.config = "a";
  p.step_s = 0.5;
  predictions.predictions = {p};
  seal_predictions(folder, predictions);
  std::string text = scenario::read_file(folder + "/predictions.json");
  text.replace(text.find("0.5"), 3, "0.6");
  scenario::write_artifacts(folder, {{"predictions.json", text}});
  try {
    read_suite(folder);
    FAIL("accepted");
  } catch (const ScenarioError& error) {
    REQUIRE(std::string(error.what()).find("changed after they were sealed") != std::string::npos);
  }
}

TEST_CASE("runs made after other predictions are refused") {
  const std::string folder = fresh_folder("other");
  Predictions predictions;
  Predicted p;
  p.config = "a";
  p.step_s = 0.5;
  predictions.predictions = {p};
  seal_predictions(folder, predictions);
  MeasuredRun run;
  run.config = "a";
  run.predictions_hash = "0123456789abcdef";
  run.step_s = run.forward_s = run.backward_s = run.communication_s = run.update_s = {1.0};
  scenario::write_artifacts(folder, {{kRunsFile, write_run(run)}});
  REQUIRE_THROWS_AS(read_suite(folder), ScenarioError);
  run.forward_s = {};
  REQUIRE_THROWS_AS(read_run(write_run(run), "run"), ScenarioError);
  REQUIRE_THROWS_AS(read_suite(folder + "/nowhere"), ScenarioError);
}

TEST_CASE("the seal of a text is FNV-1a") {
  // Test vectors of Fowler, Noll and Vo: "" and "foobar".
  REQUIRE(seal_of("") == "cbf29ce484222325");
  REQUIRE(seal_of("foobar") == "85944171f73967e8");
}

}  // namespace
}  // namespace orrery::validate
