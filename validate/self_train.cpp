#include "validate/self_train.hpp"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <sstream>

#include "scenarios/artifact.hpp"
#include "scenarios/run.hpp"
#include "sim/base/error.hpp"
#include "sim/base/stats.hpp"
#include "workloads/train/engine.hpp"

namespace orrery::validate {
namespace {

double median_over_steps(const std::vector<train::RankStep>& steps,
                         Seconds (*part)(const train::Breakdown&)) {
  std::vector<double> values;
  for (const train::RankStep& step : steps) values.push_back(part(step.time).value());
  return median(values);
}

}  // namespace

Predicted predict(const scenario::Scenario& scenario, const cost::CostModel& costs) {
  const train::TrainSpec spec = scenario::train_spec(scenario);
  const train::TrainResult result = train::simulate(spec, costs);
  Predicted predicted;
  predicted.config = scenario.name;
  predicted.model = result.model_name;
  predicted.ranks = spec.ranks;
  predicted.step_s = result.median_step.value();
  predicted.low_s = result.low.value();
  predicted.high_s = result.high.value();
  const auto& steps = result.rank_steps;
  predicted.components = {
      median_over_steps(steps, [](const train::Breakdown& b) { return b.forward; }),
      median_over_steps(steps, [](const train::Breakdown& b) { return b.backward; }),
      median_over_steps(steps, [](const train::Breakdown& b) { return b.exposed_communication + b.waiting; }),
      median_over_steps(steps, [](const train::Breakdown& b) { return b.update; })};
  for (const train::SourceShare& source : result.sources) {
    if (source.source == cost::Source::extrapolated || source.source == cost::Source::roofline) {
      predicted.extrapolated_share += source.share;
    }
  }
  return predicted;
}

std::vector<Predicted> predict_suite(const std::vector<scenario::Scenario>& suite,
                                     const cost::CostModel& costs) {
  std::vector<Predicted> predictions;
  for (const scenario::Scenario& scenario : suite) predictions.push_back(predict(scenario, costs));
  return predictions;
}

std::string seal_predictions(const std::string& folder, const Predictions& predictions) {
  const std::string text = write_predictions(predictions);
  scenario::write_artifacts(folder, {{kPredictionsFile, text}});
  return read_predictions(text, kPredictionsFile).seal;
}

std::vector<MeasuredRun> run_suite(const std::vector<scenario::Scenario>& suite, int repeats,
                                   RealTrainer& trainer, const std::string& folder, const std::string& seal,
                                   const Progress& progress) {
  std::vector<MeasuredRun> runs;
  std::string text;
  const std::size_t all = suite.size() * static_cast<std::size_t>(repeats);
  for (int repeat = 0; repeat < repeats; ++repeat) {
    for (const scenario::Scenario& scenario : suite) {
      const auto begin = std::chrono::steady_clock::now();
      MeasuredRun run = trainer.train(scenario);
      const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
      run.config = scenario.name;
      run.run = repeat;
      run.predictions_hash = seal;
      text += write_run(run);
      scenario::write_artifacts(folder, {{kRunsFile, text}});
      runs.push_back(std::move(run));
      progress(fmt::format("[{}/{}] {} ... {:.1f} s", runs.size(), all, scenario.name, taken.count()));
    }
  }
  return runs;
}

StoredSuite read_suite(const std::string& folder) {
  namespace fs = std::filesystem;
  if (!fs::is_directory(folder)) {
    throw ScenarioError(
        "--score-only",
        folder + " is not a folder: expected one written by `orrery validate self-train --out`");
  }
  StoredSuite stored;
  const std::string predictions = (fs::path(folder) / kPredictionsFile).string();
  stored.sealed = read_predictions(scenario::read_file(predictions), predictions);
  const std::string runs = (fs::path(folder) / kRunsFile).string();
  std::istringstream lines(scenario::read_file(runs));
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    const std::string place = fmt::format("{}, line {}", runs, ++number);
    stored.runs.push_back(read_run(line, place));
    if (stored.runs.back().predictions_hash != stored.sealed.seal) {
      throw ScenarioError(place, "this run was made after other predictions (seal " +
                                     stored.runs.back().predictions_hash + ") than those in the folder (" +
                                     stored.sealed.seal + ")");
    }
  }
  return stored;
}

}  // namespace orrery::validate
