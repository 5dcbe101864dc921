#include "workloads/sgd/engine.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/kernel/simulator.hpp"
#include "workloads/sgd/activity.hpp"
#include "workloads/sgd/exchange.hpp"
#include "workloads/sgd/learning.hpp"
#include "workloads/straggler/compute_times.hpp"
#include "workloads/sync/coordinator.hpp"

namespace orrery::sgd {
namespace {

constexpr std::size_t kIterationsKept = 100'000;

/// One run. A learner goes round: computes, pushes, waits for its turn at the server, gets orders, pulls. Each step is
/// a callback and not a line of a process, because an order may cancel whatever a learner does at that moment.
///
/// The server looks at one gradient at a time. Orders that come with an update are carried out when the update is made,
/// `update_time` later; meanwhile gradients queue.
class Run final : private Receiver {
 public:
  Run(const SgdSpec& spec, std::size_t spans)
      : spec_(spec),
        central_(spec.variant->is_central()),
        needs_loss_(spec.variant->loss_block() > Seconds(0.0)),
        learning_(spec),
        coordinator_(*spec.variant, spec.learners),
        times_(spec.compute, spec.learners, spec.seed),
        activity_(spec.learners, spans),
        exchange_(make_exchange(spec, learning_.parameters(), simulator_, *this)),
        learners_(static_cast<std::size_t>(spec.learners)),
        mixes_(learners_.size()) {
    queue_.reserve(learners_.size());
    result_.iterations.reserve(std::min<std::size_t>(kIterationsKept, spec.horizon.updates.value_or(kIterationsKept)));
  }

  SgdResult run() {
    for (int i = 0; i < spec_.learners; ++i) begin(i);
    score();
    for (int point = 1; point <= spec_.evaluation.points && !ended_; ++point) {
      simulator_.run_until(SimTime{} + spec_.horizon.time * (static_cast<double>(point) / spec_.evaluation.points));
      if (!ended_) score();
    }
    if (!ended_) {
      end();
    } else if (!result_.diverged) {
      score();  // of an end before the horizon's time
    }
    result_.end = end_.seconds();
    result_.books = coordinator_.books();
    result_.decisions_hash = coordinator_.decisions_hash();
    result_.epochs = learning_.epochs();
    result_.pushed = exchange_->pushed();
    result_.pulled = exchange_->pulled();
    activity_.finish(end_, result_);
    return std::move(result_);
  }

 private:
  struct Learner {
    kernel::EventHandle computing;
    std::int64_t holds = 0;     // version of the model that it holds, or gets by the message on its way
    std::int64_t received = 0;  // version of the last model that arrived
  };
  Learner& at(int learner) { return learners_[static_cast<std::size_t>(learner)]; }

  void begin(int learner) {
    SIM_ASSERT(!ended_, "nobody begins a mini-batch after the end");
    learning_.begin(learner);
    activity_.enter(learner, Doing::computing, simulator_.now());
    const Seconds time = times_.draw(learner, simulator_.now().seconds());
    if (time > spec_.horizon.time) return;  // not over within the run; heavy tails go beyond what SimTime can hold
    at(learner).computing = simulator_.after(time, [this, learner] { computed(learner); });
  }

  void computed(int learner) {
    if (central_) {
      activity_.enter(learner, Doing::pushing, simulator_.now());
      exchange_->push(learner);
    } else {
      activity_.enter(learner, Doing::waiting, simulator_.now());
      decide(learner);
    }
  }

  void gradient_arrived(int learner) override {
    activity_.enter(learner, Doing::waiting, simulator_.now());
    queue_.push_back(learner);
    serve();
  }

  void serve() {
    while (!busy_ && !queue_.empty() && !ended_) {
      const int learner = queue_.front();
      queue_.erase(queue_.begin());
      decide(learner);
    }
  }

  /// The variant decides on the learner's gradient, which is computed once it is certain that it counts. Its
  /// staleness is known even when it is held: the next update takes all held gradients, so no other comes before.
  void decide(int learner) {
    const std::int64_t staleness = coordinator_.version() - at(learner).holds;
    double loss = needs_loss_ ? learning_.compute(learner) : 0.0;
    const sync::Orders& orders = coordinator_.arrive(learner, simulator_.now().seconds(), loss);
    SIM_ASSERT(orders.use != sync::Use::apply || orders.applied.back().staleness == staleness,
               "engine and coordinator count versions alike");
    if (orders.use == sync::Use::drop) {
      activity_.wasted(learner);
      drop(learner);
    } else {
      activity_.used(learner, central_ ? staleness : 0);
      if (!needs_loss_) loss = learning_.compute(learner);
      if (!std::isfinite(loss)) return diverge();
      if (!central_) {
        learning_.update_own(learner);
      } else {
        learning_.send(learner);
        learning_.add(staleness);
      }
    }
    if (orders.use == sync::Use::apply) {
      begin_update(orders);
    } else {
      carry_out(orders);
      if (orders.use == sync::Use::local) end_if_enough();
    }
  }

  /// What the server drops was sent all the same: with error feedback the sender's memory knows of it.
  void drop(int learner) {
    if (!spec_.push.error_feedback || !central_) return;
    if (!needs_loss_) learning_.compute(learner);
    learning_.send(learner);
  }

  void begin_update(const sync::Orders& orders) {
    if (exchange_->update_time() == Seconds(0.0)) return update(orders);
    busy_ = true;
    if (exchange_->updates_together()) {
      for (int i = 0; i < spec_.learners; ++i) activity_.enter(i, Doing::round, simulator_.now());
    }
    updating_ = simulator_.after(exchange_->update_time(), [this, &orders] {
      busy_ = false;
      update(orders);
      serve();
    });
  }

  void update(const sync::Orders& orders) {
    learning_.update();
    if (exchange_->updates_together()) exchange_->count_update();
    count_iteration();
    carry_out(orders);
    end_if_enough();
  }

  void carry_out(const sync::Orders& orders) {
    for (int i = 0; i < spec_.learners; ++i) {
      const sync::Next next = orders.next[static_cast<std::size_t>(i)];
      if (next == sync::Next::repeat) begin(i);
      if (next == sync::Next::fetch) fetch(i);
    }
    if (orders.round_members.empty()) return;
    count_iteration();
    mixes_[static_cast<std::size_t>(orders.round_members.front())] = orders.round;
    for (const int member : orders.round_members) activity_.enter(member, Doing::round, simulator_.now());
    exchange_->round(orders.round.traffic, orders.round_members);
  }

  void fetch(int learner) {
    cancel(learner);
    at(learner).holds = coordinator_.version();
    learning_.fetch(learner, coordinator_.version());
    exchange_->pull(learner, coordinator_.version() - at(learner).received);
  }

  /// Whatever the learner does; it goes on to fetch.
  void cancel(int learner) {
    at(learner).computing.cancel();
    exchange_->cancel(learner);
    queue_.erase(std::remove(queue_.begin(), queue_.end(), learner), queue_.end());
    activity_.enter(learner, Doing::fetching, simulator_.now());
    if (activity_.undecided(learner)) activity_.wasted(learner);
  }

  void model_arrived(int learner) override {
    at(learner).received = at(learner).holds;
    begin(learner);
  }

  void round_mixes(int first_member) override { learning_.mix(mixes_[static_cast<std::size_t>(first_member)]); }

  void round_through(int learner) override { begin(learner); }

  void count_iteration() {
    if (result_.iterations.size() < kIterationsKept) {
      result_.iterations.push_back(simulator_.now() - last_iteration_);
    }
    last_iteration_ = simulator_.now();
  }

  void end_if_enough() {
    const Horizon& horizon = spec_.horizon;
    const bool updates = horizon.updates && coordinator_.books().updates >= *horizon.updates;
    const bool epochs = horizon.epochs && learning_.epochs() >= *horizon.epochs;
    if (updates || epochs) end();
  }

  void diverge() {
    result_.diverged = true;
    end();
  }

  /// Nothing more happens: all that is on its way is taken back.
  void end() {
    if (ended_) return;
    ended_ = true;
    end_ = simulator_.now();
    updating_.cancel();
    for (int i = 0; i < spec_.learners; ++i) {
      at(i).computing.cancel();
      exchange_->cancel(i);
    }
  }

  void score() {
    CurvePoint point = learning_.score();
    point.time = ended_ ? end_.seconds() : simulator_.now().seconds();
    point.updates = coordinator_.books().updates - (busy_ ? 1 : 0);  // one is decided but not made
    if (std::isfinite(point.loss)) {
      result_.curve.push_back(point);
    } else {
      diverge();
    }
  }

  const SgdSpec& spec_;
  const bool central_, needs_loss_;
  kernel::Simulator simulator_;
  Learning learning_;
  sync::Coordinator coordinator_;
  straggler::ComputeTimes times_;
  Activity activity_;
  std::unique_ptr<Exchange> exchange_;
  std::vector<Learner> learners_;
  std::vector<sync::Round> mixes_;  // by first member: of the round that it is in
  std::vector<int> queue_;  // learners whose gradients are at the server, in order of arrival
  bool busy_ = false;       // with an update
  kernel::EventHandle updating_;
  SimTime last_iteration_, end_;
  bool ended_ = false;
  SgdResult result_;
};

}  // namespace

SgdResult simulate(const SgdSpec& spec, std::size_t spans) {
  return Run(spec, spans).run();
}

}  // namespace orrery::sgd
