// `validate self-sgd` as data: which runs of parallel SGD are predicted and then done for real, and what became of each.
// A run that was simulated and one that the reference parameter server did leave the same kind of outcome.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/fields.hpp"
#include "sim/base/registered.hpp"
#include "sim/base/units.hpp"
#include "workloads/learn/problem.hpp"
#include "workloads/learn/updater.hpp"
#include "workloads/straggler/compute_times.hpp"
#include "workloads/sync/variant.hpp"

namespace orrery::validate {

/// What all runs of a session share. The data are the embedded digits.
struct SelfSgdSetting {
  Registered<learn::Problem> problem{"softmax_regression"};
  int learners = 4;
  std::int64_t batch = 8;
  learn::UpdateConfig update;
  Seconds least{0.020};   ///< compute time: this, and an exponential time on top
  Seconds excess{0.020};
  Seconds time{15.0};
  int points = 20;
};
template <class V>
void fields(V& v, SelfSgdSetting& c) {
  v("problem", c.problem, "what is learned, on the embedded digits");
  v("learners", c.learners, "processes beside the server", between(1, 16));
  v("batch", c.batch, "samples of one learner's mini-batch", at_least(1));
  v("update", c.update, "how gradients change the model");
  v("least", c.least, "least compute time of a mini-batch", at_least(0));
  v("excess", c.excess, "mean of the exponential time on top of it", more_than(0));
  v("time", c.time, "length of a run", more_than(0));
  v("points", c.points, "moments at which the loss is compared, evenly spaced", between(2, 1000));
}

/// Points are half a second apart at least. Throws ScenarioError when `seconds` is no length from 1 to 3600.
SelfSgdSetting self_sgd_setting(int learners, double seconds);

/// The distribution of compute times with `more` time in every mini-batch.
straggler::StragglerConfig compute_times(const SelfSgdSetting& setting, Seconds more);

/// One run, simulated or real.
struct SgdOutcome {
  std::uint64_t seed = 0;
  double updates_per_s = 0;
  std::vector<std::int64_t> staleness;  ///< how many used gradients had staleness 0, 1, 2, ...
  std::vector<double> losses;           ///< training loss at time * i / points, i = 0 .. points
};
template <class V>
void fields(V& v, SgdOutcome& c) {
  v("seed", c.seed, "of the initial model, mini-batches and compute times");
  v("updates_per_s", c.updates_per_s, "of the server's model; local variants: local steps of all learners", required());
  v("staleness", c.staleness, "how many used gradients had staleness 0, 1, 2, ...", required());
  v("losses", c.losses, "training loss at evenly spaced moments, the start included", required());
}

/// What to do for real: one variant with one seed.
struct SelfSgdTask {
  Registered<sync::Variant> variant{"sync"};
  std::uint64_t seed = 1;
  Seconds time{15.0};
};
template <class V>
void fields(V& v, SelfSgdTask& c) {
  v("variant", c.variant, "who waits for whom", required());
  v("seed", c.seed, "of this run");
  v("time", c.time, "its length", more_than(0));
}

/// What one start of the ranks does.
struct SelfSgdWork {
  SelfSgdSetting setting;
  std::vector<SelfSgdTask> tasks;
  std::string predictions_hash;
};
template <class V>
void fields(V& v, SelfSgdWork& c) {
  v("setting", c.setting, "what all runs share");
  v("tasks", c.tasks, "in this order");
  v("predictions_hash", c.predictions_hash, "copied into the runs");
}

/// One run of the reference parameter server.
struct SelfSgdRun {
  SelfSgdTask task;
  std::string predictions_hash;
  SgdOutcome outcome;
  std::int64_t gradients = 0, cancelled = 0, late = 0;
  double late_s = 0, reply_s = 0, gradient_s = 0, update_s = 0;
  double duration_s = 0;
  std::string decisions_hash;
  std::vector<int> arrivals;
};
template <class V>
void fields(V& v, SelfSgdRun& c) {
  v("task", c.task, "what ran", required());
  v("predictions_hash", c.predictions_hash, "seal of the predictions that were there before this run; none in calibration");
  v("outcome", c.outcome, "what became of it", required());
  v("gradients", c.gradients, "that the server took");
  v("cancelled", c.cancelled, "mini-batches that were stopped before their end");
  v("late", c.late, "of them, those whose gradient was already on its way");
  v("late_s", c.late_s, "mean time from the end of a compute time until the gradient was sent");
  v("reply_s", c.reply_s, "mean time until the answer was read, waiting for others included");
  v("gradient_s", c.gradient_s, "computing one gradient");
  v("update_s", c.update_s, "adding one gradient to the model");
  v("duration_s", c.duration_s, "from the common start until the server ended the run; 0: not recorded", at_least(0));
  v("decisions_hash", c.decisions_hash, "over all decisions of the server", required());
  v("arrivals", c.arrivals, "whose gradients the server took, in order");
}

/// The variants of the suite for that many learners: those of the paper and local SGD.
std::vector<Registered<sync::Variant>> self_sgd_variants(int learners);
/// Runs whose only use is to learn what the machine takes beside the compute times.
std::vector<SelfSgdTask> self_sgd_calibration(const SelfSgdSetting& setting);
/// All variants, then all again with other seeds, `repeats` times: a slow minute of the machine does not hit one alone.
std::vector<SelfSgdTask> self_sgd_tasks(const SelfSgdSetting& setting, int repeats);

}  // namespace orrery::validate
