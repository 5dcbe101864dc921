#include "scenarios/sgd_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "scenarios/parallel.hpp"
#include "scenarios/sgd_fold.hpp"
#include "scenarios/version.hpp"
#include "sim/base/unit_text.hpp"
#include "sim/observe/chrome_trace.hpp"
#include "workloads/learn/noise_scale.hpp"
#include "workloads/sgd/engine.hpp"

namespace orrery::scenario {
namespace {

class Run {
 public:
  Run(const SgdScenario& scenario, const learn::Dataset* data) : s_(scenario), data_(data) {}

  SgdReport report(int threads) {
    const auto seeds = static_cast<std::size_t>(s_.seeds);
    std::vector<std::vector<sgd::SgdResult>> results(s_.variants.size(), std::vector<sgd::SgdResult>(seeds));
    for_each_index(s_.variants.size() * seeds, threads, [&](std::size_t i) {
      const std::size_t variant = i / seeds, run = i % seeds;
      const std::size_t spans = run == 0 ? static_cast<std::size_t>(s_.outputs.timeline) : 0;
      results[variant][run] = sgd::simulate(sgd_spec(s_, variant, static_cast<int>(run), data_), spans);
    });
    SgdReport report;
    fill_header(report);
    for (std::size_t i = 0; i < results.size(); ++i) report.variants.push_back(fold_runs(s_, i, results[i]));
    warn(report);
    report.verdict = verdict(report);
    return report;
  }

 private:
  void fill_header(SgdReport& report) {
    const auto objective = s_.problem->bind(data_);
    stable_step_ = objective->stable_step();
    report.orrery_version = version();
    report.scenario = s_.name;
    report.scenario_hash = scenario_hash(s_);
    report.question = s_.question;
    report.look_at = s_.look_at;
    report.problem = s_.problem.name();
    report.data = data_ != nullptr ? data_->description : "noise of its own";
    report.compute_time = s_.compute.distribution.name();
    report.aggregation = aggregation();
    report.seed = s_.seed;
    report.seeds = s_.seeds;
    report.learners = s_.learners;
    report.batch = s_.batch;
    report.parameters = objective->parameters();
    report.samples = objective->samples();
    report.compute_mean_s = mean_compute_time(s_);
    report.communication_free = std::holds_alternative<sgd::FreeAggregation>(s_.aggregation);
    report.learning_rate = rate();
    if (report.samples > s_.batch * s_.learners) {
      report.noise_scale = learn::smith_noise_scale(rate(), static_cast<double>(report.samples),
                                              static_cast<double>(s_.batch * s_.learners));
    }
    fill_moments(report);
    report.source = "times: simulated, from the scenario's distributions and network; losses: real gradients";
  }

  /// The evaluated moments nearest to those asked for.
  void fill_moments(SgdReport& report) const {
    std::vector<double> wanted;
    for (const Seconds moment : s_.outputs.loss_at) wanted.push_back(moment.value());
    if (wanted.empty()) {
      for (const double share : {0.05, 0.1, 0.3, 1.0}) wanted.push_back(share * s_.horizon.time.value());
    }
    const double step = s_.horizon.time.value() / s_.evaluation.points;
    for (const double moment : wanted) {
      const double evaluated = std::round(moment / step) * step;
      const bool listed = !report.loss_at_s.empty() && report.loss_at_s.back() == evaluated;
      if (!listed) report.loss_at_s.push_back(evaluated);
    }
  }

  double rate() const {
    return std::visit([](const auto& optimizer) { return optimizer.learning_rate; }, s_.update.optimizer);
  }

  std::string aggregation() const {
    if (const auto* server = std::get_if<sgd::ServerAggregation>(&s_.aggregation)) {
      return fmt::format("{} parameter server{} on {}", server->servers, server->servers == 1 ? "" : "s",
                         server->network.topology.name());
    }
    if (const auto* all = std::get_if<sgd::AllReduceAggregation>(&s_.aggregation)) {
      return fmt::format("{} all-reduce on {}", all->algorithm.name(), all->network.topology.name());
    }
    return "communication free";
  }

  /// On a quadratic with constant delay s, plain SGD is stable for learning_rate * c below 2 sin(pi / (2 (2 s + 1))), and
  /// stable_step is 2 / c (delayed difference equation).
  void warn(SgdReport& report) const {
    for (const SgdVariantReport& v : report.variants) {
      if (v.diverged > 0) {
        report.warnings.push_back(fmt::format("{}: {} of {} runs diverged; try a smaller learning rate", v.label, v.diverged,
                                              s_.seeds));
      }
      if (!stable_step_) continue;
      const double bound = *stable_step_ * std::sin(M_PI / (2.0 * (2.0 * v.staleness + 1.0)));
      if (rate() >= bound) {
        report.warnings.push_back(fmt::format("{}: learning rate {:g} is not below {:.4g}, the largest stable one on this "
                                              "quadratic at a staleness of {:.3g}", v.label, rate(), bound, v.staleness));
      }
    }
  }

  /// Which variant has the lowest loss early and which late, at moments that the runs of all reached.
  static std::string verdict(const SgdReport& report) {
    std::vector<const SgdVariantReport*> sound;
    for (const SgdVariantReport& v : report.variants) {
      if (v.diverged == 0) sound.push_back(&v);
    }
    if (sound.empty()) return "Every variant diverged.";
    if (sound.size() == 1) {
      return fmt::format("{} ends at a training loss of {:.4g} after {}.", sound[0]->label, sound[0]->end_loss,
                         human(Seconds(sound[0]->end_s)));
    }
    std::size_t moments = sound[0]->curve.size();
    for (const SgdVariantReport* v : sound) moments = std::min(moments, v->curve.size());
    if (moments < 2) return "The runs ended before their second evaluation: compare their losses at the end.";
    const std::size_t early = (moments - 1) / 10, late = moments - 1;
    const auto best = [&sound](std::size_t i) {
      return *std::min_element(sound.begin(), sound.end(), [i](const auto* a, const auto* b) {
        return a->curve[i].loss < b->curve[i].loss;
      });
    };
    const auto at = [&best](std::size_t i) {
      const SgdVariantReport& v = *best(i);
      return fmt::format("after {}: {} ({:.4g})", human(Seconds(v.curve[i].time_s)), v.label, v.curve[i].loss);
    };
    return early > 0 ? "Lowest loss " + at(early) + "; " + at(late) + "." : "Lowest loss " + at(late) + ".";
  }

  const SgdScenario& s_;
  const learn::Dataset* data_;
  std::optional<double> stable_step_;
};

/// One row per learner, one group per variant.
std::string trace_of(const SgdReport& report) {
  observe::Trace trace(true);
  for (const SgdVariantReport& v : report.variants) {
    for (const SgdSpanReport& span : v.timeline) {
      const TrackId track = trace.track(v.label, fmt::format("learner {}", span.learner));
      trace.span(track, span.staleness > 0 ? fmt::format("{}, staleness {}", span.doing, span.staleness) : span.doing,
                 SimTime{} + Seconds(span.begin_s), SimTime{} + Seconds(span.end_s));
    }
  }
  return observe::chrome_trace(trace);
}

}  // namespace

SgdOutcome run(const SgdScenario& scenario, const learn::Dataset* data, bool with_trace, int threads) {
  SgdOutcome outcome;
  outcome.report = Run(scenario, data).report(threads);
  if (with_trace) outcome.trace = trace_of(outcome.report);
  return outcome;
}

}  // namespace orrery::scenario
