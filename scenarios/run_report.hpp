// The answer to a scenario as a plain value, described once: result.json, its CSV form, `orrery explain` and
// the table are all written from this. Keys end in their SI unit. Nothing here depends on the machine that
// runs the simulator, so the same scenario, seed and profile give the same bytes everywhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/fields.hpp"

namespace orrery::scenario {

struct ProfileReport {
  std::string fingerprint, content_hash, device, date;
};
template <class V>
void fields(V& v, ProfileReport& c) {
  v("fingerprint", c.fingerprint, "hash of the machine and software on which the profile was measured");
  v("content_hash", c.content_hash, "hash of the profile's content: changes with every new fit");
  v("device", c.device, "what was measured");
  v("date", c.date, "day of the measurement");
}

struct MemoryPart {
  std::string category, largest;
  std::int64_t bytes = 0;
};
template <class V>
void fields(V& v, MemoryPart& c) {
  v("category", c.category, "what the memory is for");
  v("bytes", c.bytes, "size on one rank");
  v("largest", c.largest, "name of the largest tensor in it");
}

struct MemoryReport {
  std::int64_t total_bytes = 0;
  std::optional<std::int64_t> available_bytes;
  bool fits = true;
  std::vector<MemoryPart> parts;
};
template <class V>
void fields(V& v, MemoryReport& c) {
  v("total_bytes", c.total_bytes,
    "memory of one rank: sum of the parts; program and libraries are not included");
  v("available_bytes", c.available_bytes, "cluster.node_memory divided by the ranks");
  v("fits", c.fits, "false when one rank needs more than is available; then nothing is simulated");
  v("parts", c.parts, "memory by category");
}

struct BreakdownReport {
  double forward_s = 0, backward_s = 0, exposed_communication_s = 0, update_s = 0, waiting_s = 0;
};
template <class V>
void fields(V& v, BreakdownReport& c) {
  v("forward_s", c.forward_s, "forward pass of the critical rank, per step");
  v("backward_s", c.backward_s, "backward pass of the critical rank, per step");
  v("exposed_communication_s", c.exposed_communication_s,
    "transfer time during which the critical rank computes nothing, per step");
  v("update_s", c.update_s, "averaging of gradients and optimizer, per step");
  v("waiting_s", c.waiting_s, "time before a collective that other ranks have not reached yet, per step");
}

struct UncertaintyReport {
  double model = 0, drift = 0, sampling = 0, total = 0;
};
template <class V>
void fields(V& v, UncertaintyReport& c) {
  v("model", c.model, "relative standard deviation from the cost models' residuals");
  v("drift", c.drift,
    "relative standard deviation from the machine being faster or slower than when measured");
  v("sampling", c.sampling, "relative standard deviation of the median of so many steps");
  v("total", c.total, "all three together");
}

struct SourceReport {
  std::string source;
  double share = 0;
};
template <class V>
void fields(V& v, SourceReport& c) {
  v("source", c.source,
    "where an estimate comes from: measured, fitted, extrapolated, roofline or published");
  v("share", c.share, "part of the critical rank's busy time that rests on it");
}

struct WhatIf {
  std::string faster;
  double speedup = 2, step_time_s = 0, relative_change = 0;
};
template <class V>
void fields(V& v, WhatIf& c) {
  v("faster", c.faster, "the kind of work that is made faster");
  v("speedup", c.speedup, "how many times faster");
  v("step_time_s", c.step_time_s, "median step time of the run simulated again with that change");
  v("relative_change", c.relative_change, "step time with the change / without it - 1");
}

struct Prediction {
  double step_time_s = 0, step_time_low_s = 0, step_time_high_s = 0;
  double samples_per_s = 0, flops_per_s = 0;
  BreakdownReport breakdown;
  double communication_s = 0, overlap = 0;
  UncertaintyReport uncertainty;
  std::vector<SourceReport> sources;
  std::vector<WhatIf> what_if;
  std::string bottleneck;
  std::vector<double> step_times_s;
};
template <class V>
void fields(V& v, Prediction& c) {
  v("step_time_s", c.step_time_s, "median time of one training step");
  v("step_time_low_s", c.step_time_low_s,
    "lower end of the 80 % interval of the median that a real run would show");
  v("step_time_high_s", c.step_time_high_s,
    "upper end of the 80 % interval of the median that a real run would show");
  v("samples_per_s", c.samples_per_s, "samples of all ranks / time of the whole run");
  v("flops_per_s", c.flops_per_s, "floating-point operations of one rank's step / step time");
  v("breakdown", c.breakdown,
    "the step time by what the critical rank (the last to finish) does; sums to step_time_s");
  v("communication_s", c.communication_s, "transfer time per step, hidden or not");
  v("overlap", c.overlap, "1 - exposed communication / communication");
  v("uncertainty", c.uncertainty, "why the interval is as wide as it is");
  v("sources", c.sources, "on which kinds of estimates the step time rests");
  v("what_if", c.what_if, "one change of the machine at a time, with the same random numbers");
  v("bottleneck", c.bottleneck, "where the time goes and what would help most, as a sentence");
  v("step_times_s", c.step_times_s, "every simulated step");
}

struct RunReport {
  std::string orrery_version, scenario, scenario_hash, question, model, optimizer;
  std::uint64_t seed = 0;
  std::int64_t parameters = 0, ranks = 0, batch = 0, steps = 0, buckets = 0;
  ProfileReport profile;
  MemoryReport memory;
  std::optional<Prediction> prediction;
};
template <class V>
void fields(V& v, RunReport& c) {
  v("orrery_version", c.orrery_version, "version of the program");
  v("scenario", c.scenario, "name of the scenario");
  v("scenario_hash", c.scenario_hash, "hash of the resolved scenario without its outputs");
  v("question", c.question, "the question that the scenario answers");
  v("seed", c.seed, "seed of all random numbers");
  v("model", c.model, "kind and size of the model");
  v("optimizer", c.optimizer, "update rule");
  v("parameters", c.parameters, "trainable numbers");
  v("ranks", c.ranks, "processes that train");
  v("batch", c.batch, "samples per step over all ranks");
  v("steps", c.steps, "simulated steps");
  v("buckets", c.buckets, "all-reduces per step; 0 with one rank");
  v("profile", c.profile, "the machine that the figures hold for");
  v("memory", c.memory, "what one rank holds during a step");
  v("prediction", c.prediction, "absent when the model does not fit");
}

}  // namespace orrery::scenario
