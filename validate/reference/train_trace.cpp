#include "validate/reference/train_trace.hpp"

#include <fmt/core.h>

#include <cmath>
#include <set>

namespace orrery::reference {
namespace {

SimTime moment(double seconds) {
  return SimTime{std::llround(seconds * 1e9)};
}

void add_row(std::string& csv, std::int64_t step, std::size_t rank, const std::string& part, double begin,
             double end) {
  csv += fmt::format("{},{},{},{:.9f},{:.9f}\n", step, rank, part, begin, end);
}

/// Spans of one rank's compute and communication tracks.
class RankTracks {
 public:
  RankTracks(observe::Trace& trace, std::size_t rank)
      : trace_(trace),
        compute_(trace.track("rank " + std::to_string(rank), "compute")),
        communication_(trace.track("rank " + std::to_string(rank), "communication")) {}

  void computed(const std::string& what, double begin, double end) {
    if (end > begin) trace_.span(compute_, what, moment(begin), moment(end));
  }

  void exchanges(const StepLog& step) {
    for (std::size_t b = 0; b < step.buckets.size(); ++b) {
      trace_.span(communication_, "all_reduce bucket " + std::to_string(b), moment(step.buckets[b].begin),
                  moment(step.buckets[b].end));
    }
  }

  /// The backward pass stands still during each exchange.
  void phases(const StepLog& step) {
    computed("input", step.start, step.input);
    computed("forward", step.input, step.forward);
    double from = step.forward;
    for (const Span& bucket : step.buckets) {
      computed("backward", from, bucket.begin);
      from = bucket.end;
    }
    computed("backward", from, step.backward);
    computed("update", step.backward, step.end);
  }

 private:
  observe::Trace& trace_;
  TrackId compute_, communication_;
};

}  // namespace

std::string spans_csv(const TrainRun& run) {
  std::string csv = "step,rank,part,begin_s,end_s\n";
  for (std::size_t i = 0; i < run.logs.front().steps.size(); ++i) {
    const std::int64_t step = run.first_step + static_cast<std::int64_t>(i);
    for (std::size_t rank = 0; rank < run.logs.size(); ++rank) {
      const StepLog& log = run.logs[rank].steps[i];
      add_row(csv, step, rank, "input", log.start, log.input);
      add_row(csv, step, rank, "forward", log.input, log.forward);
      add_row(csv, step, rank, "backward", log.forward, log.backward);
      for (std::size_t b = 0; b < log.buckets.size(); ++b) {
        add_row(csv, step, rank, "bucket" + std::to_string(b), log.buckets[b].begin, log.buckets[b].end);
      }
      add_row(csv, step, rank, "update", log.backward, log.end);
    }
  }
  return csv;
}

std::string losses_csv(const TrainRun& run) {
  std::string csv = "step,loss\n";
  for (std::size_t i = 0; i < run.losses.size(); ++i) csv += fmt::format("{},{:.9g}\n", i, run.losses[i]);
  return csv;
}

observe::Trace to_trace(const TrainRun& run) {
  observe::Trace trace(true);
  for (std::size_t rank = 0; rank < run.logs.size(); ++rank) {
    const RankLog& log = run.logs[rank];
    RankTracks tracks(trace, rank);
    std::set<std::int64_t> in_detail;
    for (const NodeLog& node : log.nodes) in_detail.insert(node.step);
    for (std::size_t i = 0; i < log.steps.size(); ++i) {
      const std::int64_t step = run.first_step + static_cast<std::int64_t>(i);
      if (in_detail.count(step) == 0) tracks.phases(log.steps[i]);
      tracks.exchanges(log.steps[i]);
    }
    for (const NodeLog& node : log.nodes) {
      tracks.computed(run.node_names[node.node], node.span.begin, node.span.end);
    }
  }
  return trace;
}

}  // namespace orrery::reference
