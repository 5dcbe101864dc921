// What the reference parameter server is asked to do, as plain values: one server process, and learners that really
// compute gradients and then sleep for the rest of a drawn compute time.
#pragma once

#include <cstdint>
#include <optional>

#include "sim/base/fields.hpp"
#include "sim/base/registered.hpp"
#include "sim/base/rng.hpp"
#include "sim/base/units.hpp"
#include "workloads/learn/problem.hpp"
#include "workloads/learn/updater.hpp"
#include "workloads/straggler/compute_times.hpp"
#include "workloads/sync/variant.hpp"

namespace orrery::reference {

struct SgdConfig {
  Registered<learn::Problem> problem{"softmax_regression"};
  int learners = 4;
  std::int64_t batch = 32;  ///< samples of one learner's mini-batch
  learn::UpdateConfig update;
  straggler::StragglerConfig compute;
  Registered<sync::Variant> variant{"sync"};
  Seconds time{15.0};
  std::optional<std::int64_t> updates;
  int points = 20;
  std::int64_t samples = 0;
  std::uint64_t seed = 1;
};
template <class V>
void fields(V& v, SgdConfig& c) {
  v("problem", c.problem, "what is learned (orrery list problems)");
  v("learners", c.learners, "processes that compute gradients; the server is one more", between(1, 64));
  v("batch", c.batch, "samples of one learner's mini-batch", at_least(1));
  v("update", c.update, "how gradients change the model");
  v("compute", c.compute, "times of mini-batches; what the gradient itself does not take is slept");
  v("variant", c.variant, "who waits for whom (orrery list sgd_variants)");
  v("time", c.time, "length of the run", more_than(0));
  v("updates", c.updates, "the run also ends after so many updates (local variants: local steps)", at_least(1));
  v("points", c.points, "moments at which the model is kept to be scored, evenly spaced, and at the start",
    between(1, 10000));
  v("samples", c.samples, "training and test samples that are scored; 0: all", at_least(0));
  v("seed", c.seed, "of the initial model, mini-batches and compute times");
}

/// The random numbers of the n-th mini-batch (from 0) that a learner begins, and of the initial model: those that the
/// simulator draws for the same seed (workloads/sgd).
inline RngStream mini_batch_draws(const SgdConfig& config, int learner, std::uint64_t n) {
  const RngStream keys = stream(Seed{config.seed}, "mini-batch", static_cast<std::uint64_t>(learner));
  return {keys.at(2 * n), keys.at(2 * n + 1)};
}
inline RngStream initial_draws(const SgdConfig& config) {
  return stream(Seed{config.seed}, "initial model");
}

/// Passes over the training set in so many mini-batches; 0 where there is no set.
inline double epochs_of(std::int64_t mini_batches, const SgdConfig& config, const learn::Objective& objective) {
  if (objective.samples() == 0) return 0.0;
  return static_cast<double>(mini_batches * config.batch) / static_cast<double>(objective.samples());
}

}  // namespace orrery::reference
