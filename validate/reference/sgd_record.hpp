// The record of one real run of parallel SGD: what the server decided and when, and how the loss fell. The list of
// arrivals says enough to take all decisions again (replay), which shows that a run decided as the policy object does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/fields.hpp"
#include "sim/base/json_io.hpp"
#include "validate/reference/sgd_config.hpp"

namespace orrery::reference {

/// The model scored as it was at a moment.
struct ScoredPoint {
  double time_s = 0.0;
  std::int64_t updates = 0;
  double loss = 0.0;
  std::optional<double> accuracy;
};
template <class V>
void fields(V& v, ScoredPoint& c) {
  v("time_s", c.time_s, "since the common start");
  v("updates", c.updates, "of the model before it");
  v("loss", c.loss, "training loss");
  v("accuracy", c.accuracy, "on test samples");
}

/// Gradients in the order in which the server took them.
struct ArrivalLog {
  std::vector<int> learners;
  std::vector<double> times_s;
  std::vector<double> losses;  ///< of the mini-batches
};
template <class V>
void fields(V& v, ArrivalLog& c) {
  v("learners", c.learners, "whose gradient it was");
  v("times_s", c.times_s, "when the server took it");
  v("losses", c.losses, "of the mini-batches");
}

/// What the machine took beside the compute times; means over mini-batches.
struct SgdOverheads {
  double late_s = 0.0;
  double reply_s = 0.0;
  double gradient_s = 0.0;
  double update_s = 0.0;
};
template <class V>
void fields(V& v, SgdOverheads& c) {
  v("late_s", c.late_s, "from the end of a compute time until the gradient was sent");
  v("reply_s", c.reply_s, "from sending a gradient until the answer was read, waiting for others included");
  v("gradient_s", c.gradient_s, "computing one gradient, a part of the compute time; timed before the run");
  v("update_s", c.update_s, "adding one gradient to the model; timed before the run");
}

struct SgdRun {
  SgdConfig config;
  double duration_s = 0.0;
  std::int64_t updates = 0, rounds = 0, gradients = 0, dropped = 0, cancelled = 0, late = 0;
  std::vector<std::int64_t> staleness;
  std::vector<double> update_times_s;
  std::vector<ScoredPoint> curve;
  SgdOverheads overheads;
  std::string decisions_hash;
  ArrivalLog arrivals;
};
template <class V>
void fields(V& v, SgdRun& c) {
  v("config", c.config, "what was run", required());
  v("duration_s", c.duration_s, "from the common start until the server ended the run", more_than(0).required());
  v("updates", c.updates, "of the server's model; local variants: local steps of all learners", required());
  v("rounds", c.rounds, "in which models were mixed");
  v("gradients", c.gradients, "that the server took");
  v("dropped", c.dropped, "of them, taken and not used");
  v("cancelled", c.cancelled, "mini-batches that were stopped before their end");
  v("late", c.late, "of them, those whose gradient was already on its way: it was ignored");
  v("staleness", c.staleness, "how many used gradients had staleness 0, 1, 2, ...", required());
  v("update_times_s", c.update_times_s, "when the model was updated (local variants: when a round was through)");
  v("curve", c.curve, "the model at evenly spaced moments, scored after the run");
  v("overheads", c.overheads, "what the machine took beside the compute times");
  v("decisions_hash", c.decisions_hash, "over all decisions", required());
  v("arrivals", c.arrivals, "gradients in the order in which the server took them");
}

/// All decisions taken again by a fresh coordinator from the list of arrivals: the hash, as the run has it. "does not
/// replay" where no run has such arrivals: a learner that waits sends a gradient, or time goes back.
std::string replayed_hash(const SgdRun& run);
std::string decisions_hash_text(std::uint64_t hash);

/// Throws ScenarioError when the document is no such record.
SgdRun parse_sgd_run(const JsonDocument& document);
std::string sgd_run_text(const SgdRun& run);

}  // namespace orrery::reference
