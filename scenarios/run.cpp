#include "scenarios/run.hpp"

#include <cmath>
#include <type_traits>

#include "scenarios/version.hpp"
#include "sim/observe/chrome_trace.hpp"
#include "workloads/model/builder.hpp"
#include "workloads/model/memory.hpp"
#include "workloads/train/engine.hpp"
#include "workloads/train/sensitivity.hpp"

namespace orrery::scenario {
namespace {

std::int64_t whole(Bytes bytes) {
  return std::llround(bytes.value());
}

MemoryReport memory_report(const model::MemoryUse& use, const Scenario& scenario) {
  MemoryReport report;
  report.total_bytes = whole(use.total);
  for (const model::MemoryItem& item : use.items)
    report.parts.push_back({item.category, item.largest, whole(item.bytes)});
  if (scenario.cluster.node_memory) {
    const Bytes available = *scenario.cluster.node_memory / scenario.cluster.ranks;
    report.available_bytes = whole(available);
    report.fits = !model::check_fit(use, available);
  }
  return report;
}

Prediction prediction(const train::TrainResult& result, const std::vector<train::Sensitivity>& changes) {
  Prediction p;
  p.step_time_s = result.median_step.value();
  p.step_time_low_s = result.low.value();
  p.step_time_high_s = result.high.value();
  p.samples_per_s = result.samples_per_s;
  p.flops_per_s = (result.flops_per_step / result.median_step).value();
  const train::Breakdown& time = result.breakdown;
  p.breakdown = {time.forward.value(), time.backward.value(), time.exposed_communication.value(),
                 time.update.value(), time.waiting.value()};
  p.communication_s = result.communication.value();
  if (p.communication_s > 0.0) {
    p.overlap = std::max(0.0, 1.0 - p.breakdown.exposed_communication_s / p.communication_s);
  }
  const train::Uncertainty& u = result.uncertainty;
  p.uncertainty = {u.model, u.drift, u.sampling, u.total()};
  for (const train::SourceShare& source : result.sources) {
    p.sources.push_back({cost::name(source.source), source.share});
  }
  for (const train::Sensitivity& change : changes) {
    p.what_if.push_back({change.what, change.speedup, change.median_step.value(), change.change});
  }
  p.bottleneck = train::bottleneck_sentence(result, changes);
  for (const Seconds step : result.steps) p.step_times_s.push_back(step.value());
  return p;
}

RunReport header(const Scenario& scenario, const cost::Profile& profile, const model::ModelGraph& graph) {
  RunReport report;
  report.orrery_version = version();
  report.scenario = scenario.name;
  report.scenario_hash = scenario_hash(scenario);
  report.question = scenario.question;
  report.seed = scenario.seed;
  report.model = graph.name;
  report.optimizer = std::visit([](const auto& o) { return std::string(std::decay_t<decltype(o)>::kind); },
                                scenario.optimizer);
  report.parameters = graph.parameter_count();
  report.ranks = scenario.cluster.ranks;
  report.batch = scenario.batch;
  report.steps = scenario.steps;
  report.profile = {profile.fingerprint_id, text_hash(cost::write_profile(profile)), profile.device,
                    profile.date};
  return report;
}

}  // namespace

train::TrainSpec train_spec(const Scenario& scenario) {
  train::TrainSpec spec;
  spec.model = scenario.model;
  spec.optimizer = model::optimizer_kind(scenario.optimizer);
  spec.ranks = scenario.plan.data_parallel;
  spec.batch_per_rank = scenario.batch / spec.ranks;
  spec.bucket = scenario.plan.bucket;
  spec.overlap = scenario.plan.overlap;
  spec.steps = static_cast<int>(scenario.steps);
  spec.noise = scenario.noise == NoiseMode::on;
  spec.seed = Seed{scenario.seed};
  return spec;
}

Outcome run(const Scenario& scenario, const cost::Profile& profile, bool with_trace) {
  const train::TrainSpec spec = train_spec(scenario);
  const model::ModelGraph graph = model::build(spec.model, spec.batch_per_rank, spec.optimizer, spec.ranks);
  Outcome outcome;
  outcome.report = header(scenario, profile, graph);
  outcome.report.memory = memory_report(model::memory_use(graph), scenario);
  if (!outcome.report.memory.fits) return outcome;

  const auto costs = cost::make_cost_model(profile);
  observe::Trace trace(with_trace);
  const train::TrainResult result = train::simulate(spec, *costs, &trace);
  outcome.report.buckets = static_cast<std::int64_t>(result.buckets);
  outcome.report.prediction = prediction(result, train::sensitivities(spec, *costs));
  if (with_trace) outcome.trace = observe::chrome_trace(trace);
  return outcome;
}

}  // namespace orrery::scenario
