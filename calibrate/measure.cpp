#include "calibrate/measure.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "sim/base/error.hpp"
#include "sim/base/stats.hpp"

namespace orrery::calibrate {
namespace {

/// Calls until caches, page tables and just-in-time kernels have settled.
void warm_up(TimedOp& op, const StoppingRule& rule, const Clock& clock) {
  const double start = clock();
  for (int calls = 0; calls < 2 || (calls < 100 && clock() - start < 0.1 * rule.max_time_s); ++calls)
    op.run();
}

/// Looks at the rule only when the samples have grown by a fifth: each look sorts them.
class Sampler {
 public:
  Sampler(const StoppingRule& rule, const Clock& clock) : rule_(rule), clock_(clock), start_(clock()) {}

  void call(TimedOp& op) { samples_.push_back(op.run().value()); }
  bool is_due() const { return samples_.size() >= next_look_; }
  bool look() {
    next_look_ = samples_.size() + std::max<std::size_t>(samples_.size() / 5, 1);
    return rule_.is_finished(samples_, clock_() - start_);
  }
  const std::vector<double>& samples() const { return samples_; }

 private:
  const StoppingRule& rule_;
  const Clock& clock_;
  double start_;
  std::size_t next_look_ = 1;
  std::vector<double> samples_;
};

std::vector<double> sample_alone(TimedOp& op, const StoppingRule& rule, const Clock& clock) {
  warm_up(op, rule, clock);
  Sampler sampler(rule, clock);
  do {
    sampler.call(op);
  } while (!sampler.is_due() || !sampler.look());
  return sampler.samples();
}

/// All ranks compute in common windows of time, so that each call of one rank meets calls of the others; a
/// rank that is satisfied goes on until all are.
std::vector<double> sample_together(Backend& backend, TimedOp& op, const StoppingRule& rule,
                                    const Clock& clock) {
  warm_up(op, rule, clock);
  backend.barrier();
  Sampler sampler(rule, clock);
  const double window_s = std::max(rule.min_time_s, 0.25 * rule.max_time_s);
  do {
    const double start = clock();
    do {
      sampler.call(op);
    } while (clock() - start < window_s);
  } while (backend.max_over_ranks(sampler.look() ? 0.0 : 1.0) > 0.0);
  return sampler.samples();
}

/// A collective needs the same number of calls on every rank: groups of a size on which all agree.
std::vector<double> sample_collective(Backend& backend, TimedOp& op, const StoppingRule& rule,
                                      const Clock& clock) {
  for (int i = 0; i < 2; ++i) op.run();
  const double one_call_s = backend.max_over_ranks(op.run().value());
  const double group = std::clamp(0.2 * rule.max_time_s / std::max(one_call_s, 1e-9), 1.0, 200.0);
  const int calls = static_cast<int>(backend.max_over_ranks(group));
  Sampler sampler(rule, clock);
  do {
    for (int i = 0; i < calls; ++i) sampler.call(op);
  } while (backend.max_over_ranks(sampler.look() ? 0.0 : 1.0) > 0.0);
  return sampler.samples();
}

}  // namespace

Clock steady_clock() {
  return [] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  };
}

bool StoppingRule::is_finished(std::span<const double> samples, double elapsed_s) const {
  const auto count = static_cast<int>(samples.size());
  if (count < min_samples) return false;
  if (count >= max_samples || elapsed_s >= max_time_s) return true;
  if (elapsed_s < min_time_s) return false;
  // Fewer than eight samples: the interval of the median by order statistics is the whole range.
  return count >= 8 && median_interval(samples).relative() <= relative_confidence;
}

Distribution summarise(std::span<const double> samples) {
  SIM_ASSERT(!samples.empty(), "a visit has at least one sample");
  std::vector<double> sorted(samples.begin(), samples.end());
  std::sort(sorted.begin(), sorted.end());
  Distribution d;
  d.samples = static_cast<int>(sorted.size());
  RunningStats stats;
  for (const double x : sorted) stats.add(x);
  d.mean_s = stats.mean();
  d.min_s = sorted.front();
  d.max_s = sorted.back();
  d.median_s = quantile_sorted(sorted, 0.5);
  for (std::size_t i = 0; i < kQuantileGrid.size(); ++i) {
    d.quantiles_s[i] = quantile_sorted(sorted, kQuantileGrid[i]);
  }
  const double q1 = quantile_sorted(sorted, 0.25), q3 = quantile_sorted(sorted, 0.75);
  const double fence = q3 + 3.0 * (q3 - q1);  // Tukey's outer fence
  d.outliers = static_cast<int>(sorted.end() - std::upper_bound(sorted.begin(), sorted.end(), fence));
  return d;
}

namespace {

/// Why a case cannot be prepared, on any rank; empty where all are ready. All ranks get an answer, so that
/// none waits for one that has given up.
std::string prepare(Backend& backend, const Case& subject, const cost::Conditions& conditions,
                    std::unique_ptr<TimedOp>& op) {
  std::string problem;
  const auto* collective = std::get_if<cost::CollectiveCase>(&subject);
  try {
    if (collective != nullptr) {
      op = backend.prepare(*collective);
    } else if (conditions.ranks_busy > 1 || backend.rank() == 0) {
      const auto& what = std::get<cost::Op>(subject);
      if (backend.supports(what)) {
        op = backend.prepare(what, conditions);
      } else {
        problem = "the " + backend.name() + " backend has no kernel for it";
      }
    }
  } catch (const DoesNotFit& error) {
    problem = std::string("does not fit: ") + error.what();
  } catch (const BackendError& error) {
    if (collective != nullptr && backend.ranks() > 1) throw;  // the others would wait within it
    problem = error.what();
  }
  if (backend.max_over_ranks(problem.empty() ? 0.0 : 1.0) > 0.0 && problem.empty()) {
    problem = "another rank could not prepare it";
  }
  return problem;
}

std::vector<double> sample(Backend& backend, const Case& subject, const cost::Conditions& conditions,
                           TimedOp* op, const StoppingRule& rule, const Clock& clock) {
  if (op == nullptr) return {};
  if (std::holds_alternative<cost::CollectiveCase>(subject)) {
    return sample_collective(backend, *op, rule, clock);
  }
  if (conditions.ranks_busy > 1) return sample_together(backend, *op, rule, clock);
  return sample_alone(*op, rule, clock);
}

}  // namespace

Measurement measure(Backend& backend, const Case& subject, const cost::Conditions& conditions,
                    const StoppingRule& rule, const Clock& clock) {
  Measurement m;
  m.subject = subject;
  m.conditions = conditions;
  m.ranks = backend.ranks();
  std::unique_ptr<TimedOp> op;
  m.skipped = prepare(backend, subject, conditions, op);
  if (!m.is_measured()) return m;
  try {
    const std::vector<double> samples = sample(backend, subject, conditions, op.get(), rule, clock);
    if (!samples.empty()) m.times = summarise(samples);
    if (op) m.telemetry = op->telemetry();
  } catch (const BackendError& error) {
    const bool others_wait =
        std::holds_alternative<cost::CollectiveCase>(subject) || conditions.ranks_busy > 1;
    if (backend.ranks() > 1 && others_wait) throw;
    m.skipped = error.what();
  }
  op.reset();
  backend.patient_barrier();
  m.worst_rank_median_s = backend.max_over_ranks(m.times.median_s);
  return m;
}

}  // namespace orrery::calibrate
