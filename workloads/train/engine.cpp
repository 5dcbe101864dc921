#include "workloads/train/engine.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "sim/base/error.hpp"
#include "sim/device/stream.hpp"
#include "sim/kernel/channel.hpp"
#include "sim/kernel/simulator.hpp"
#include "sim/kernel/sync.hpp"

namespace orrery::train {
namespace {

using kernel::Process;

/// One all-reduce as one rank sees it.
struct Transfer {
  SimTime arrived, started, finished;
};

/// Names of the trace, made once; invalid while the trace is off.
struct Labels {
  std::vector<observe::NameId> nodes, buckets;
  observe::NameId waiting;
};

/// One rank: its streams and what its two processes tell each other.
struct Rank {
  Rank(kernel::Simulator& sim, observe::Trace& trace, int rank_index, Seed seed)
      : index(rank_index),
        compute(sim, trace, name(rank_index), "compute"),
        communication(sim, trace, name(rank_index), "communication"),
        ready(sim, name(rank_index) + " gradient buckets"),
        reduced(sim, name(rank_index) + " reduced buckets"),
        draws(stream(seed, "compute", static_cast<std::uint64_t>(rank_index))) {}

  static std::string name(int index) { return "rank " + std::to_string(index); }

  int index;
  device::Stream compute, communication;
  kernel::Channel<std::size_t> ready;  ///< buckets whose gradient is complete, to the communicating process
  kernel::Channel<Transfer> reduced;   ///< finished transfers, back to the computing process
  RngStream draws;
};

class Run {
 public:
  Run(const TrainSpec& spec, const model::ModelGraph& graph, const std::vector<parallel::Bucket>& buckets,
      const StepTimes& times, observe::Trace& trace)
      : spec_(spec),
        graph_(graph),
        buckets_(buckets),
        times_(times),
        trace_(trace),
        transfer_draws_(stream(spec.seed, "all_reduce")) {
    SIM_ASSERT(spec.ranks >= 1 && spec.steps >= 1, "a training run needs at least one rank and one step");
    while (first_update_ < graph.nodes.size() && graph.nodes[first_update_].phase != model::Phase::update) {
      ++first_update_;
    }
    if (trace.enabled()) {
      for (const model::Node& node : graph.nodes) labels_.nodes.push_back(trace.name(node.name));
      for (std::size_t i = 0; i < times.buckets.size(); ++i) {
        labels_.buckets.push_back(trace.name("all_reduce bucket " + std::to_string(i)));
      }
      labels_.waiting = trace.name("waiting for other ranks");
    } else {
      labels_.nodes.resize(graph.nodes.size());
      labels_.buckets.resize(times.buckets.size());
    }
  }

  std::vector<RankStep> run() {
    if (communicates()) meeting_.emplace(sim_, "all-reduce", spec_.ranks);
    for (int r = 0; r < spec_.ranks; ++r) {
      ranks_.push_back(std::make_unique<Rank>(sim_, trace_, r, spec_.seed));
    }
    records_.resize(static_cast<std::size_t>(spec_.steps) * ranks_.size());
    for (const auto& rank : ranks_) {
      sim_.spawn(compute(*rank), Rank::name(rank->index));
      if (communicates() && spec_.overlap) {
        sim_.spawn_background(communicate(*rank), Rank::name(rank->index) + " communication");
      }
    }
    sim_.run();
    return std::move(records_);
  }

 private:
  bool communicates() const { return !times_.buckets.empty(); }

  Seconds node_time(Rank& rank, int step, std::size_t node) const {
    const TimedWork& work = times_.nodes[node];
    if (!spec_.noise) return work.estimate.time;
    const auto counter = static_cast<std::uint64_t>(step) * times_.nodes.size() + node;
    return work.draw(quantile_of_draw(rank.draws, counter));
  }

  /// The same on every rank: a transfer is one event of the whole group.
  Seconds transfer_time(int step, std::size_t bucket) const {
    const TimedWork& work = times_.buckets[bucket];
    if (!spec_.noise) return work.estimate.time;
    const auto counter = static_cast<std::uint64_t>(step) * times_.buckets.size() + bucket;
    return work.draw(quantile_of_draw(transfer_draws_, counter));
  }

  Process<Transfer> all_reduce(Rank& rank, int step, std::size_t bucket) {
    Transfer transfer;
    transfer.arrived = sim_.now();
    co_await meeting_->arrive();
    transfer.started = sim_.now();
    if (transfer.started > transfer.arrived) {
      trace_.span(rank.communication.track(), labels_.waiting, transfer.arrived, transfer.started);
    }
    co_await rank.communication.run(transfer_time(step, bucket), labels_.buckets[bucket]);
    transfer.finished = sim_.now();
    co_return transfer;
  }

  /// Takes buckets in the order in which they become ready; the same on every rank.
  Process<> communicate(Rank& rank) {
    for (std::uint64_t count = 0;; ++count) {
      const std::optional<std::size_t> bucket = co_await rank.ready.receive();
      const int step = static_cast<int>(count / times_.buckets.size());
      const Transfer transfer = co_await all_reduce(rank, step, *bucket);
      rank.reduced.push(transfer);
    }
  }

  /// Counts the part of a transfer that lies after `from`.
  static void add(Breakdown& time, const Transfer& transfer, SimTime from) {
    time.waiting += std::max(transfer.started, from) - std::max(transfer.arrived, from);
    time.exposed_communication += std::max(transfer.finished, from) - std::max(transfer.started, from);
  }

  Process<> run_node(Rank& rank, int step, std::size_t node, Seconds& account) {
    const SimTime begin = sim_.now();
    co_await rank.compute.run(node_time(rank, step, node), labels_.nodes[node]);
    account += sim_.now() - begin;
  }

  Process<> compute(Rank& rank) {
    for (int step = 0; step < spec_.steps; ++step) {
      RankStep& record =
          records_[static_cast<std::size_t>(step) * ranks_.size() + static_cast<std::size_t>(rank.index)];
      record.step = step;
      record.rank = rank.index;
      record.start = sim_.now();
      Breakdown& time = record.time;
      std::size_t bucket = 0;
      for (std::size_t node = 0; node < first_update_; ++node) {
        const bool forward = graph_.nodes[node].phase == model::Phase::forward;
        co_await run_node(rank, step, node, forward ? time.forward : time.backward);
        for (; bucket < times_.buckets.size() && buckets_[bucket].ready_after == node; ++bucket) {
          if (spec_.overlap) {
            rank.ready.push(bucket);
          } else {
            const Transfer transfer = co_await all_reduce(rank, step, bucket);
            add(time, transfer, transfer.arrived);
          }
        }
      }
      const SimTime gradients_done = sim_.now();
      for (std::size_t i = 0; spec_.overlap && i < times_.buckets.size(); ++i) {
        const std::optional<Transfer> transfer = co_await rank.reduced.receive();
        add(time, *transfer, gradients_done);
      }
      for (std::size_t node = first_update_; node < graph_.nodes.size(); ++node) {
        co_await run_node(rank, step, node, time.update);
      }
      record.end = sim_.now();
    }
  }

  const TrainSpec& spec_;
  const model::ModelGraph& graph_;
  const std::vector<parallel::Bucket>& buckets_;
  const StepTimes& times_;
  observe::Trace& trace_;
  RngStream transfer_draws_;
  Labels labels_;
  std::size_t first_update_ = 0;
  std::vector<RankStep> records_;
  kernel::Simulator sim_;  // before everything that waits in it
  std::optional<kernel::Barrier> meeting_;
  std::vector<std::unique_ptr<Rank>> ranks_;
};

/// Takes `cut` off the beginning of a rank's step: its first work lies before the window of the step.
void cut_beginning(Breakdown& time, Seconds cut) {
  for (Seconds* part :
       {&time.forward, &time.backward, &time.waiting, &time.exposed_communication, &time.update}) {
    const Seconds taken = std::min(*part, cut);
    *part -= taken;
    cut -= taken;
  }
}

}  // namespace

Timeline run_steps(const TrainSpec& spec, const model::ModelGraph& graph,
                   const std::vector<parallel::Bucket>& buckets, const StepTimes& times,
                   observe::Trace& trace) {
  Timeline timeline;
  timeline.rank_steps = Run(spec, graph, buckets, times, trace).run();
  const auto ranks = static_cast<std::size_t>(spec.ranks);
  SimTime previous;
  Breakdown sum;
  for (std::size_t first = 0; first < timeline.rank_steps.size(); first += ranks) {
    const auto begin = timeline.rank_steps.begin() + static_cast<std::ptrdiff_t>(first);
    const auto last = std::max_element(begin, begin + spec.ranks,
                                       [](const RankStep& a, const RankStep& b) { return a.end < b.end; });
    timeline.steps.push_back(last->end - previous);
    Breakdown time = last->time;
    cut_beginning(time, previous - last->start);
    sum += time;
    previous = last->end;
  }
  timeline.critical = sum.scaled(1.0 / static_cast<double>(spec.steps));
  return timeline;
}

}  // namespace orrery::train
