#include "workloads/train/sensitivity.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <variant>

#include "sim/base/unit_text.hpp"
#include "workloads/train/engine.hpp"

namespace orrery::train {
namespace {

/// A cost model in which some kinds of work take a fraction of their time.
class Faster : public cost::CostModel {
 public:
  struct Factors {
    double products = 1.0, memory_bound = 1.0, communication = 1.0;
  };
  Faster(const cost::CostModel& base, Factors factors) : base_(base), factors_(factors) {}

  cost::Estimate estimate(const cost::Op& op, const cost::Conditions& conditions) const override {
    return scaled(base_.estimate(op, conditions), factor(op));
  }
  cost::Estimate estimate(const cost::CollectiveCase& collective) const override {
    return scaled(base_.estimate(collective), factors_.communication);
  }
  /// The spread belongs to the work, so it is looked up at the unscaled time: only the median changes.
  const cost::Noise& noise(const cost::Op& op, Seconds time) const override {
    return base_.noise(op, time / factor(op));
  }
  const cost::Noise& noise(const cost::CollectiveCase& collective) const override {
    return base_.noise(collective);
  }
  double drift() const override { return base_.drift(); }
  std::string description() const override { return base_.description(); }

 private:
  double factor(const cost::Op& op) const {
    return std::holds_alternative<cost::Gemm>(op) ? factors_.products : factors_.memory_bound;
  }
  static cost::Estimate scaled(cost::Estimate estimate, double factor) {
    estimate.time *= factor;
    return estimate;
  }

  const cost::CostModel& base_;
  Factors factors_;
};

}  // namespace

std::vector<Sensitivity> sensitivities(const TrainSpec& spec, const cost::CostModel& costs, double speedup) {
  const Seconds now = simulate(spec, costs).median_step;
  std::vector<Sensitivity> result;
  const auto try_out = [&](const char* what, Faster::Factors factors) {
    const Faster faster(costs, factors);
    const Seconds then = simulate(spec, faster).median_step;
    result.push_back({what, speedup, then, then / now - 1.0});
  };
  try_out("matrix products", {.products = 1.0 / speedup});
  try_out("memory-bound operators", {.memory_bound = 1.0 / speedup});
  if (spec.ranks > 1) try_out("communication", {.communication = 1.0 / speedup});
  std::stable_sort(result.begin(), result.end(),
                   [](const Sensitivity& a, const Sensitivity& b) { return a.change < b.change; });
  return result;
}

std::string bottleneck_sentence(const TrainResult& result, const std::vector<Sensitivity>& sensitivities) {
  const Breakdown& time = result.breakdown;
  const double whole = time.total().value() / 100.0;
  std::string text =
      fmt::format("Step {}: {:.0f} % forward and backward, {:.0f} % update", human(result.median_step),
                  (time.forward + time.backward).value() / whole, time.update.value() / whole);
  if (result.buckets > 0) {
    text += fmt::format(", {:.0f} % exposed all-reduce, {:.0f} % waiting for other ranks",
                        time.exposed_communication.value() / whole, time.waiting.value() / whole);
  }
  if (!sensitivities.empty()) {
    const Sensitivity& best = sensitivities.front();
    text += fmt::format("; {} {:g}x faster would give {} ({:+.0f} %)", best.what, best.speedup,
                        human(best.median_step), best.change * 100.0);
  }
  return text + ".";
}

}  // namespace orrery::train
