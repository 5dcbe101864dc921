#include "validate/score.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "sim/base/error.hpp"

namespace orrery::validate {
namespace {

Predicted prediction(const std::string& config, double step, double low, double high) {
  Predicted p;
  p.config = config;
  p.model = config.rfind("gpt", 0) == 0 ? "gpt 4x64" : "mlp 784-10";
  p.step_s = step;
  p.low_s = low;
  p.high_s = high;
  return p;
}

MeasuredRun measured(const std::string& config, int run, std::vector<double> steps) {
  MeasuredRun m;
  m.config = config;
  m.run = run;
  m.forward_s = m.backward_s = m.communication_s = m.update_s = std::vector<double>(steps.size(), 0.1);
  m.step_s = std::move(steps);
  return m;
}

TEST_CASE("an error is predicted over measured minus one, from the median step") {
  Predictions predictions;
  predictions.predictions = {prediction("a", 1.1, 1.0, 1.2), prediction("b", 1.8, 1.7, 1.9)};
  const std::vector<MeasuredRun> runs{measured("a", 0, {9.0, 1.0, 0.5}), measured("b", 0, {2.0, 2.0, 2.0})};
  const Score result = score(predictions, runs);
  REQUIRE(result.configs[0].error == Approx(0.1));
  REQUIRE(result.configs[1].error == Approx(-0.1));
  REQUIRE(result.all.median == Approx(0.1));
  REQUIRE(result.all.bias == Approx(0.0).margin(1e-12));
  REQUIRE(result.configs[0].covered);  // 1.0 lies on the edge of [1.0, 1.2]
  REQUIRE_FALSE(result.configs[1].covered);
  REQUIRE(result.coverage == 0.5);
}

TEST_CASE("two identical runs give the noise floor, their steps are pooled") {
  Predictions predictions;
  predictions.predictions = {prediction("a", 1.0, 0.9, 1.1)};
  const Score result = score(predictions, {measured("a", 1, {1.2, 1.2}), measured("a", 0, {1.0, 1.0})});
  REQUIRE(result.configs[0].measured_s == Approx(1.1));
  REQUIRE(result.noise_median == Approx(std::log(1.2)));
  REQUIRE(result.repeated == 1);
}

TEST_CASE("the suite passes at a median of 8 % and a 90th percentile of 20 %, and not above") {
  // Errors 0.08 for nine configurations and one of 0.2: median 0.08, 90th percentile 0.092 (between 0.08 and
  // 0.2).
  Predictions predictions;
  std::vector<MeasuredRun> runs;
  for (int i = 0; i < 10; ++i) {
    const std::string name = "c" + std::to_string(i);
    predictions.predictions.push_back(prediction(name, i == 9 ? 1.2 : 1.0799999, 0.9, 1.3));
    runs.push_back(measured(name, 0, {1.0}));
  }
  REQUIRE(score(predictions, runs).passed);
  REQUIRE_FALSE(score(predictions, runs, {.median = 0.07, .p90 = 0.2}).passed);
  REQUIRE_FALSE(score(predictions, runs, {.median = 0.08, .p90 = 0.09}).passed);
}

TEST_CASE("where the machine does not repeat itself, its noise floor is the tolerance") {
  Predictions predictions;
  predictions.predictions = {prediction("a", 1.25, 0.9, 1.3)};
  const std::vector<MeasuredRun> steady{measured("a", 0, {1.0}), measured("a", 1, {1.0})};
  REQUIRE_FALSE(score(predictions, steady).passed);
  // Medians 0.85 and 1.15 differ by 30 %, the error of 25 % is below that.
  const Score noisy = score(predictions, {measured("a", 0, {0.85}), measured("a", 1, {1.15})});
  REQUIRE(noisy.passed);
  REQUIRE(noisy.verdict.find("two identical real runs differ by 30.2 %") != std::string::npos);
}

TEST_CASE("configurations are told apart by model and by extrapolation") {
  Predictions predictions;
  predictions.predictions = {prediction("mlp/a", 1.1, 1, 2), prediction("gpt/b", 1.3, 1, 2)};
  predictions.predictions[1].extrapolated_share = 0.3;
  const Score result = score(predictions, {measured("mlp/a", 0, {1.0}), measured("gpt/b", 0, {1.0})});
  REQUIRE(result.mlp.median == Approx(0.1));
  REQUIRE(result.gpt.median == Approx(0.3));
  REQUIRE(result.inside_grid.count == 1);
  REQUIRE(result.outside_grid.median == Approx(0.3));
  const std::string text = score_text(result);
  REQUIRE(text.find("outside the calibration      1 configurations: median  30.0 %") != std::string::npos);
  REQUIRE(text.find("+30.0x") != std::string::npos);
}

TEST_CASE("predictions without runs are left out, and nothing to score is an error") {
  Predictions predictions;
  predictions.predictions = {prediction("a", 1.0, 0.9, 1.1), prediction("b", 1.0, 0.9, 1.1)};
  REQUIRE(score(predictions, {measured("a", 0, {1.0})}).configs.size() == 1);
  REQUIRE_THROWS_AS(score(predictions, {measured("x", 0, {1.0})}), ScenarioError);
}

}  // namespace
}  // namespace orrery::validate
