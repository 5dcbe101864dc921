// The server's half of learning: averaged gradients in, a new model out. Optimizer, learning-rate schedule, weight
// decay and the corrections for stale gradients; the same object runs in the simulator, in the reference parameter
// server and, for variants that update locally, in each learner.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

#include "sim/base/fields.hpp"
#include "workloads/learn/problem.hpp"
#include "workloads/model/config.hpp"

namespace orrery::learn {

/// How the learning rate changes with the epochs: constant, step, cosine or inverse, each with linear warm-up.
struct ConstantRate {
  static constexpr std::string_view kind = "constant";
  static constexpr std::string_view kind_help = "the optimizer's learning rate throughout";
};
template <class V>
void fields(V&, ConstantRate&) {}

struct StepRate {
  static constexpr std::string_view kind = "step";
  static constexpr std::string_view kind_help = "times `factor` every `every` epochs";
  double every = 30.0;
  double factor = 0.1;
};
template <class V>
void fields(V& v, StepRate& c) {
  v("every", c.every, "epochs between two changes", more_than(0));
  v("factor", c.factor, "of the learning rate at each change", more_than(0));
}

struct CosineRate {
  static constexpr std::string_view kind = "cosine";
  static constexpr std::string_view kind_help = "half cosine from the learning rate to `last` of it (Loshchilov 2017)";
  double epochs = 100.0;
  double last = 0.0;
};
template <class V>
void fields(V& v, CosineRate& c) {
  v("epochs", c.epochs, "length; constant afterwards", more_than(0));
  v("last", c.last, "share of the learning rate at the end", between(0, 1));
}

struct InverseRate {
  static constexpr std::string_view kind = "inverse";
  static constexpr std::string_view kind_help = "learning rate / (1 + epochs / half_life)";
  double half_life = 10.0;
};
template <class V>
void fields(V& v, InverseRate& c) {
  v("half_life", c.half_life, "epochs until the learning rate is halved", more_than(0));
}

using RateSchedule = std::variant<ConstantRate, StepRate, CosineRate, InverseRate>;

/// What a stale gradient's step is multiplied with, s its staleness: none 1; inverse 1 / max(1, s) (Zhang et al. 2016);
/// damped 1 / (1 + s). Adam's step does not depend on the size of its gradients: there the corrections c_i weigh the
/// gradients of one update, sum c_i g_i / sum c_i, and their mean multiplies the step.
enum class StalenessCorrection : std::uint8_t { none, inverse, damped };
constexpr auto names_of(StalenessCorrection) {
  return std::array<std::string_view, 3>{"none", "inverse", "damped"};
}

struct UpdateConfig {
  model::OptimizerConfig optimizer;
  RateSchedule schedule;
  double warm_up = 0.0;
  double weight_decay = 0.0;
  StalenessCorrection staleness = StalenessCorrection::none;
};
template <class V>
void fields(V& v, UpdateConfig& c) {
  v("optimizer", c.optimizer, "the update rule");
  v("schedule", c.schedule, "how the learning rate changes");
  v("warm_up", c.warm_up, "epochs over which the learning rate rises linearly from 0", at_least(0));
  v("weight_decay", c.weight_decay, "decoupled: each update also shrinks the weights by learning rate * weight_decay",
    at_least(0));
  v("staleness", c.staleness, "what a stale gradient's step is multiplied with");
}

class Updater {
 public:
  Updater(const UpdateConfig& config, std::int64_t parameters);

  /// One update of `weights` with gradients that are added up by `add` before: their mean, each corrected for its
  /// staleness (server updates between its model read and now). `epochs`: passes over the training set so far.
  void add(const Vector& gradient, std::int64_t staleness);
  void update(Vector& weights, double epochs);

  double learning_rate(double epochs) const;  ///< with schedule and warm-up, before any correction
  std::int64_t updates() const { return updates_; }

 private:
  UpdateConfig config_;
  Vector sum_, first_, second_;  // gradients so far, velocity or moments
  double decay1_ = 1.0, decay2_ = 1.0;  // Adam: beta1 and beta2 to the power of the updates
  int added_ = 0;
  float corrections_ = 0.0F;  // of the gradients so far, added up
  std::int64_t updates_ = 0;
};

}  // namespace orrery::learn
