// The answer to a scenario of kind "sgd" as a plain value, described once: result.json, the CSV files, the table, the page
// and `orrery explain` are all written from this. Keys end in their SI unit. Intervals "low" and "high" are the 2.5 % and
// 97.5 % points over the seeds (linear between order statistics).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/fields.hpp"

namespace orrery::scenario {

/// One moment of a variant's curve, over its seeds.
struct SgdCurvePoint {
  double time_s = 0, updates = 0, epochs = 0;
  double loss = 0, loss_low = 0, loss_high = 0;
  std::optional<double> accuracy, accuracy_low, accuracy_high;
};
template <class V>
void fields(V& v, SgdCurvePoint& c) {
  v("time_s", c.time_s, "simulated time");
  v("updates", c.updates, "updates of the model until then, mean over the seeds");
  v("epochs", c.epochs, "passes over the training set until then, mean over the seeds");
  v("loss", c.loss, "training loss, mean over the seeds");
  v("loss_low", c.loss_low, "2.5 % point over the seeds");
  v("loss_high", c.loss_high, "97.5 % point over the seeds");
  v("accuracy", c.accuracy, "share of test samples classified right, mean over the seeds");
  v("accuracy_low", c.accuracy_low, "2.5 % point over the seeds");
  v("accuracy_high", c.accuracy_high, "97.5 % point over the seeds");
}

/// When a target was first reached and held for the rest of the evaluations.
struct SgdTargetReport {
  std::string target;
  std::int64_t reached = 0;
  std::optional<double> median_s, low_s, high_s;
};
template <class V>
void fields(V& v, SgdTargetReport& c) {
  v("target", c.target, "what is to be reached: \"loss 0.6\", \"accuracy 0.8\"");
  v("reached", c.reached, "seeds that reached it within the horizon");
  v("median_s", c.median_s, "first evaluated moment at which it holds and stays; median over all seeds, absent when half "
    "of them or more did not reach it");
  v("low_s", c.low_s, "of the fastest seed");
  v("high_s", c.high_s, "of the slowest seed; absent when one did not reach it");
}

struct SgdSpanReport {
  std::int64_t learner = 0;
  std::string doing;
  double begin_s = 0, end_s = 0;
  std::int64_t staleness = 0;
};
template <class V>
void fields(V& v, SgdSpanReport& c) {
  v("learner", c.learner, "which one");
  v("doing", c.doing, "computing, cancelled, waiting, pushing, fetching or round");
  v("begin_s", c.begin_s, "from");
  v("end_s", c.end_s, "until");
  v("staleness", c.staleness, "of the gradient that was computed");
}

struct SgdVariantReport {
  std::string variant, label;
  std::optional<double> iteration_expected_s;
  std::string formula;
  std::optional<double> iteration_s;
  double iteration_error_s = 0, iteration_p10_s = 0, iteration_p90_s = 0;
  std::optional<double> staleness_expected, fresh_expected;
  double staleness = 0, fresh = 0;
  std::optional<std::int64_t> staleness_bound;
  std::vector<double> staleness_shares;
  double updates = 0, epochs = 0, end_s = 0, end_loss = 0;
  std::optional<double> end_accuracy;
  double gradients_per_s = 0;
  std::optional<double> scaling_efficiency;
  double computed_share = 0, wasted_share = 0, waited_share = 0, communicated_share = 0;
  double pushed_bytes = 0, pulled_bytes = 0;
  std::int64_t diverged = 0;
  std::vector<SgdTargetReport> targets;
  std::vector<SgdCurvePoint> curve;
  std::vector<SgdSpanReport> timeline;
};
template <class V>
void fields(V& v, SgdVariantReport& c) {
  v("variant", c.variant, "its name in scenarios");
  v("label", c.label, "its name with its options");
  v("iteration_expected_s", c.iteration_expected_s, "E[T] by theory: mean time between updates where compute times are "
    "independent and communication is free; absent where there is no formula");
  v("formula", c.formula, "of E[T]");
  v("iteration_s", c.iteration_s, "mean time between updates, simulated; local variants: of one local step of every learner; absent "
    "when there was none");
  v("iteration_error_s", c.iteration_error_s, "half width of its 95 % confidence interval over the seeds");
  v("iteration_p10_s", c.iteration_p10_s, "10 % point of the time between updates (local variants: between rounds)");
  v("iteration_p90_s", c.iteration_p90_s, "90 % point");
  v("staleness_expected", c.staleness_expected, "mean by theory; absent where there is no formula");
  v("fresh_expected", c.fresh_expected, "P(staleness = 0) by theory");
  v("staleness", c.staleness, "mean number of updates between a gradient's model read and its application");
  v("fresh", c.fresh, "share of used gradients with staleness 0");
  v("staleness_bound", c.staleness_bound, "largest staleness that the variant allows; absent: no bound");
  v("staleness_shares", c.staleness_shares, "share of used gradients with staleness 0, 1, 2, ...");
  v("updates", c.updates, "updates of the model, mean over the seeds; local variants: local steps over all learners");
  v("epochs", c.epochs, "passes over the training set, mean over the seeds");
  v("end_s", c.end_s, "simulated time at which the runs ended, mean over the seeds");
  v("end_loss", c.end_loss, "training loss then, mean over the seeds");
  v("end_accuracy", c.end_accuracy, "share of test samples classified right then, mean over the seeds");
  v("gradients_per_s", c.gradients_per_s, "mini-batch gradients that were used, per second");
  v("scaling_efficiency", c.scaling_efficiency, "t1/tN: time in which one learner alone uses one mini-batch, over the "
    "time in which the N learners use N (lecture definition, weak scaling); t1 is the mean of the learners' times, "
    "slow phases left out; absent where compute times have no mean");
  v("computed_share", c.computed_share, "share of the learners' time in mini-batches whose gradients were used");
  v("wasted_share", c.wasted_share, "share in mini-batches that were cancelled or dropped");
  v("waited_share", c.waited_share, "share spent waiting for others");
  v("communicated_share", c.communicated_share, "share spent in messages");
  v("pushed_bytes", c.pushed_bytes, "bytes of gradients on the wire, mean over the seeds");
  v("pulled_bytes", c.pulled_bytes, "bytes of models or updates on the wire, mean over the seeds");
  v("diverged", c.diverged, "seeds whose loss became infinite or not a number");
  v("targets", c.targets, "times to the targets");
  v("curve", c.curve, "the model scored over time, at the moments that every seed's run reached");
  v("timeline", c.timeline, "what the learners did first, of the first seed");
}

struct SgdReport {
  std::string orrery_version, scenario, scenario_hash, question, look_at, problem, data, compute_time, aggregation;
  std::uint64_t seed = 0;
  std::int64_t seeds = 0, learners = 0, batch = 0, parameters = 0, samples = 0;
  std::optional<double> compute_mean_s;
  bool communication_free = true;
  double learning_rate = 0;
  std::optional<double> noise_scale;
  std::vector<double> loss_at_s;
  std::vector<SgdVariantReport> variants;
  std::vector<std::string> warnings;
  std::string source, verdict;
};
template <class V>
void fields(V& v, SgdReport& c) {
  v("orrery_version", c.orrery_version, "version of the program");
  v("scenario", c.scenario, "name of the scenario");
  v("scenario_hash", c.scenario_hash, "hash of the resolved scenario");
  v("question", c.question, "the question that the scenario answers");
  v("look_at", c.look_at, "what to look at");
  v("problem", c.problem, "what is learned");
  v("data", c.data, "what it is learned from");
  v("compute_time", c.compute_time, "distribution of the time of a mini-batch; from measured times: of which, and how well it describes them");
  v("aggregation", c.aggregation, "how gradients meet");
  v("seed", c.seed, "of the first run");
  v("seeds", c.seeds, "runs of each variant");
  v("learners", c.learners, "P");
  v("batch", c.batch, "samples of one learner's mini-batch");
  v("parameters", c.parameters, "numbers that are learned");
  v("samples", c.samples, "of the training set; 0 where the problem draws its own");
  v("compute_mean_s", c.compute_mean_s, "mean time of a mini-batch, over the learners, slow phases left out; absent where there is no mean");
  v("communication_free", c.communication_free, "as the theory assumes");
  v("learning_rate", c.learning_rate, "of the optimizer, before schedule and corrections");
  v("noise_scale", c.noise_scale, "g = learning rate * (N / B - 1), B the samples of one fully synchronous update (Smith et "
    "al. 2017); absent where B is larger than N");
  v("loss_at_s", c.loss_at_s, "evaluated moments whose loss the table shows");
  v("variants", c.variants, "in the order of the scenario");
  v("warnings", c.warnings, "what is likely to surprise");
  v("source", c.source, "where the numbers come from");
  v("verdict", c.verdict, "which variant wins when, as a sentence");
}

}  // namespace orrery::scenario
