// Runs a variant: keeps the books (versions, held gradients, who computes, who waits, staleness) and turns each
// arrival into orders. One state machine for the simulator and the reference parameter server, so that both decide
// alike; the hash over all decisions shows it.
//
//   const Orders& orders = coordinator.arrive(learner, now, loss);
//   if (orders.use == Use::apply) { average the gradients of orders.applied; update the model }
//   for each learner: carry out orders.next[learner]; if (orders.round) mix models, then those of it begin again
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sim/base/units.hpp"
#include "workloads/sync/variant.hpp"

namespace orrery::sync {

struct Applied {
  int learner = 0;
  std::int64_t staleness = 0;  ///< updates between its model read and this one
};

struct Orders {
  Use use = Use::hold;
  std::vector<Applied> applied;     ///< with Use::apply: those of this update, in order of arrival
  std::vector<Next> next;           ///< one per learner; `wait` for round_members
  std::vector<int> round_members;   ///< in ascending order; empty: no round
  Round round;
};

/// Mean of a histogram as in Books::staleness; 0 where nothing was used.
double mean_staleness(std::span<const std::int64_t> counts);

/// Counts over a run.
struct Books {
  std::int64_t updates = 0;      ///< of the server's model; local variants: local steps over all learners
  std::int64_t rounds = 0;
  std::int64_t gradients = 0;    ///< arrived
  std::int64_t dropped = 0;      ///< arrived and not used
  std::int64_t cancelled = 0;    ///< learners told to fetch before their gradient came, whatever they did: computing,
                                 ///< with it on its way, or with the model still on its way to them
  std::vector<std::int64_t> staleness;  ///< how many used gradients had staleness 0, 1, 2, ...
  double mean_staleness() const { return sync::mean_staleness(staleness); }
};

class Coordinator {
 public:
  /// All learners begin at version 0 at time 0. `variant` outlives it. REQUIRES: no refusal.
  Coordinator(const Variant& variant, int learners);

  /// A gradient of `learner` arrived with that mini-batch loss. The result is valid until the next call; allocates
  /// nothing once its buffers have grown. REQUIRES: the learner computes; `now` does not go back.
  const Orders& arrive(int learner, Seconds now, double loss);

  /// Whether a gradient of the learner is to come: what `arrive` requires, for whoever replays a list from outside.
  bool computes(int learner) const { return learners_[static_cast<std::size_t>(learner)].computing; }

  std::int64_t version() const { return version_; }
  const Books& books() const { return books_; }
  /// Over all orders so far: equal hashes, equal decisions.
  std::uint64_t decisions_hash() const { return hash_; }

 private:
  View view() const { return {version_, learners_, held_, loss_}; }
  void book_loss(Seconds now, double loss);
  void use_gradient(const Arrival& arrival);
  void count_used(std::int64_t staleness);
  void move_learners(int arrived);
  void mix_models(int arrived);
  void hash_orders(int arrived);

  const Variant& variant_;
  const bool is_central_;
  const Seconds loss_block_;
  std::vector<LearnerView> learners_;
  std::vector<Held> held_;
  std::int64_t version_ = 0;
  LossView loss_;
  double block_sum_ = 0.0;
  std::int64_t block_count_ = 0, blocks_ = 0;
  Seconds block_end_{0.0}, latest_{0.0};
  Decision decision_;
  Orders orders_;
  Books books_;
  std::uint64_t hash_ = 1469598103934665603ULL;
};

}  // namespace orrery::sync
