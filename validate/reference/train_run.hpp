// The record of one real training run: losses, final score, and the moments at which each rank did what.
// Stored as JSON, so that scoring a prediction against it needs no second run.
//
// The JSON has "format": "orrery-train-run-1", the configuration, scalar results, "losses", and per rank
// "steps": one list [start, input, forward, backward, end, [bucket begin, bucket end, ...]] per step. All
// times are in seconds on one clock that starts shortly before the first step.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/json_io.hpp"
#include "validate/reference/train_config.hpp"

namespace orrery::reference {

struct Span {
  double begin = 0.0, end = 0.0;
};

/// One step of one rank; each member but `start` is the moment at which that part ended. The exchanges of
/// gradient buckets lie inside the backward part.
struct StepLog {
  double start = 0.0, input = 0.0, forward = 0.0, backward = 0.0, end = 0.0;
  std::vector<Span> buckets;
};

/// One operator call, recorded in traced steps only.
struct NodeLog {
  std::int64_t step = 0;
  std::size_t node = 0;
  Span span;
};

struct RankLog {
  std::vector<StepLog> steps;
  std::vector<NodeLog> nodes;
};

/// Mean loss per label and share of labels whose class got the largest logit.
struct Score {
  double loss = 0.0;
  double accuracy = 0.0;
  std::int64_t labels = 0;
};

struct TrainRun {
  TrainConfig config;
  int ranks = 1;
  std::string model_name, data_description;
  std::int64_t parameters = 0;
  std::int64_t first_step = 0;  ///< larger than 0 when the run was resumed
  std::int64_t warm_up = 0;     ///< steps behind first_step that time statistics leave out
  std::vector<double> losses;   ///< of every step from 0, mean over ranks, before the step's update
  std::optional<Score> test;
  std::optional<double> bigram_entropy;  ///< nats; for texts
  std::vector<RankLog> logs;             ///< by rank, steps from first_step
  std::vector<std::string> node_names;   ///< for `NodeLog::node`; empty without traced steps
};

/// Where the time of one rank went in one step. `waiting` is the time before an exchange that other ranks had
/// not reached yet, `communication` the rest of the exchange. Sums to the step's length.
struct StepParts {
  double input = 0.0, forward = 0.0, backward = 0.0, communication = 0.0, waiting = 0.0, update = 0.0;
  double total() const { return input + forward + backward + communication + waiting + update; }
};
StepParts step_parts(const TrainRun& run, int rank, std::size_t step);

/// Time statistics over the steps behind the warm-up.
struct RunSummary {
  std::vector<double> steps;  ///< seconds from one step's start to the next on rank 0
  double median = 0.0, p10 = 0.0, p90 = 0.0;
  double samples_per_s = 0.0;
  /// Mean over the middle half of the steps by length, of the rank that ends the step last; scaled to sum to
  /// `median`.
  StepParts parts;
};
RunSummary summarise(const TrainRun& run);

std::string train_run_text(const TrainRun& run);
/// Throws ScenarioError when the document is no such record.
TrainRun parse_train_run(const JsonDocument& document);

/// The log of one rank alone, for collecting the ranks' logs.
Json rank_log_json(const RankLog& log);
RankLog parse_rank_log(const Json& json);

}  // namespace orrery::reference
