#include "workloads/sync/coordinator.hpp"

#include <bit>
#include <cmath>

#include "sim/base/error.hpp"

namespace orrery::sync {

double mean_staleness(std::span<const std::int64_t> counts) {
  double sum = 0.0, count = 0.0;
  for (std::size_t s = 0; s < counts.size(); ++s) {
    sum += static_cast<double>(s) * static_cast<double>(counts[s]);
    count += static_cast<double>(counts[s]);
  }
  return count == 0.0 ? 0.0 : sum / count;
}

Coordinator::Coordinator(const Variant& variant, int learners)
    : variant_(variant), is_central_(variant.is_central()), loss_block_(variant.loss_block()) {
  SIM_ASSERT(learners >= 1, "a run has at least one learner");
  SIM_ASSERT(!variant.refusal(learners), "the variant refuses this number of learners");
  learners_.assign(static_cast<std::size_t>(learners), LearnerView{.computing = true});
  block_end_ = loss_block_;
  held_.reserve(learners_.size());
  orders_.applied.reserve(learners_.size());
  orders_.next.reserve(learners_.size());
  orders_.round_members.reserve(learners_.size());
  books_.staleness.reserve(256);
}

const Orders& Coordinator::arrive(int learner, Seconds now, double loss) {
  SIM_ASSERT(learner >= 0 && learner < static_cast<int>(learners_.size()), "there is no such learner");
  SIM_ASSERT(now >= latest_, "gradients arrive in the order of time");
  LearnerView& self = learners_[static_cast<std::size_t>(learner)];
  SIM_ASSERT(self.computing, "a gradient arrived from a learner that waits");
  latest_ = now;
  book_loss(now, loss);
  self.computing = false;
  ++self.finished;
  if (!is_central_) ++self.since_round;
  ++books_.gradients;

  decision_.use = Use::hold;
  decision_.next.assign(learners_.size(), Next::go_on);
  decision_.round = RoundOf::none;
  const Arrival arrival{learner, self.version};
  variant_.on_gradient(arrival, view(), decision_);
  SIM_ASSERT(decision_.next.size() == learners_.size(), "a decision tells each learner what to do");

  orders_.use = decision_.use;
  orders_.applied.clear();
  orders_.round_members.clear();
  use_gradient(arrival);
  move_learners(learner);
  if (decision_.round != RoundOf::none) mix_models(learner);
  bool anybody = false;
  for (const LearnerView& l : learners_) anybody = anybody || l.computing;
  SIM_ASSERT(anybody, "all learners wait and nothing will wake them");
  orders_.next = decision_.next;
  hash_orders(learner);
  return orders_;
}

/// Blocks are fixed stretches of time; one in which no gradient arrived does not count.
void Coordinator::book_loss(Seconds now, double loss) {
  if (loss_block_ <= Seconds(0.0)) return;
  if (now >= block_end_) {
    if (block_count_ > 0) {
      loss_.latest = block_sum_ / static_cast<double>(block_count_);
      if (blocks_++ == 0) loss_.first = loss_.latest;
      block_sum_ = 0.0;
      block_count_ = 0;
    }
    block_end_ = loss_block_ * (std::floor(now / loss_block_) + 1.0);
  }
  block_sum_ += loss;
  ++block_count_;
}

void Coordinator::count_used(std::int64_t staleness) {
  const auto s = static_cast<std::size_t>(staleness);
  if (s >= books_.staleness.size()) books_.staleness.resize(s + 1, 0);
  ++books_.staleness[s];
}

void Coordinator::use_gradient(const Arrival& arrival) {
  switch (decision_.use) {
    case Use::hold:
      SIM_ASSERT(is_central_, "a local variant holds a gradient, but nobody would ever use it");
      held_.push_back({arrival.learner, arrival.version});
      return;
    case Use::drop: ++books_.dropped; return;
    case Use::local:
      SIM_ASSERT(!is_central_, "in a central variant learners do not update a model of their own");
      ++books_.updates;
      count_used(0);
      return;
    case Use::apply: break;
  }
  SIM_ASSERT(is_central_, "a local variant updates the server's model");
  for (const Held& h : held_) orders_.applied.push_back({h.learner, version_ - h.version});
  orders_.applied.push_back({arrival.learner, version_ - arrival.version});
  for (const Applied& a : orders_.applied) count_used(a.staleness);
  held_.clear();
  ++version_;
  ++books_.updates;
}

void Coordinator::move_learners(int arrived) {
  for (std::size_t i = 0; i < learners_.size(); ++i) {
    LearnerView& learner = learners_[i];
    switch (decision_.next[i]) {
      case Next::go_on:
        SIM_ASSERT(static_cast<int>(i) != arrived, "the learner whose gradient arrived is told nothing");
        break;
      case Next::wait: SIM_ASSERT(!learner.computing, "a learner is told to wait while it computes"); break;
      case Next::repeat:
        SIM_ASSERT(!learner.computing, "a learner is told to repeat while it computes");
        learner.computing = true;
        break;
      case Next::fetch:
        SIM_ASSERT(is_central_, "a learner of a local variant is told to fetch the server's model");
        if (learner.computing) ++books_.cancelled;
        learner.version = version_;
        learner.computing = true;
        break;
    }
  }
}

/// The members' models are mixed while they wait; then they begin again.
void Coordinator::mix_models(int arrived) {
  SIM_ASSERT(!is_central_, "rounds mix the learners' own models, and in a central variant they have none");
  if (decision_.round == RoundOf::arrived) {
    orders_.round_members.push_back(arrived);
  } else {
    for (int i = 0; i < static_cast<int>(learners_.size()); ++i) orders_.round_members.push_back(i);
  }
  orders_.round.mix.clear();
  orders_.round.traffic = RoundTraffic::all_reduce;
  variant_.on_round(arrived, view(), orders_.round);
  const int models = static_cast<int>(learners_.size()) + (variant_.has_server_model() ? 1 : 0);
  for (const Mix& m : orders_.round.mix) {
    SIM_ASSERT(m.target >= 0 && m.target < models && m.source >= 0 && m.source < models,
               "a round mixes a model that does not exist");
  }
  for (const int member : orders_.round_members) {
    LearnerView& learner = learners_[static_cast<std::size_t>(member)];
    Next& next = decision_.next[static_cast<std::size_t>(member)];
    SIM_ASSERT(!learner.computing, "a learner takes part in a round while it computes");
    SIM_ASSERT(next == Next::wait || next == Next::go_on, "those who take part in a round wait for it");
    next = Next::wait;
    learner.computing = true;  // as soon as the round is through
    learner.since_round = 0;
  }
  ++books_.rounds;
}

void Coordinator::hash_orders(int arrived) {
  const auto add = [this](std::uint64_t word) { hash_ = (hash_ ^ word) * 1099511628211ULL; };  // as FNV-1a, by words
  add(static_cast<std::uint64_t>(arrived));
  add(static_cast<std::uint64_t>(orders_.use));
  for (const Applied& a : orders_.applied) {
    add(static_cast<std::uint64_t>(a.learner));
    add(static_cast<std::uint64_t>(a.staleness));
  }
  for (const Next next : orders_.next) add(static_cast<std::uint64_t>(next));
  for (const int member : orders_.round_members) add(static_cast<std::uint64_t>(member));
  if (orders_.round_members.empty()) return;
  for (const Mix& m : orders_.round.mix) {
    add(static_cast<std::uint64_t>(m.target));
    add(static_cast<std::uint64_t>(m.source));
    add(std::bit_cast<std::uint64_t>(m.weight));
  }
}

}  // namespace orrery::sync
