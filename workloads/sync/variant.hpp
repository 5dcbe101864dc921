// Variants of parallel SGD by name: who waits for whom, and what happens to a gradient that arrives. Each is one file
// in workloads/sync/variants with its configuration, its theory and its two hooks, registered there. Pure: no clock,
// no network, no gradient values. The simulator (workloads/sgd) and the reference parameter server run the same
// objects through the same Coordinator (coordinator.hpp). `orrery list sgd_variants` prints them.
//
// Central variants: one model, at the server. A learner holds a copy of the model as it was at some version (number
// of updates), computes a gradient there and pushes it; on_gradient decides. Local variants: every learner has a
// model of its own and updates it itself (Use::local); now and then on_round mixes models.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/base/registered.hpp"
#include "sim/base/units.hpp"
#include "workloads/straggler/compute_times.hpp"

namespace orrery::sync {

/// What becomes of the gradient that arrived.
enum class Use : std::uint8_t {
  apply,  ///< one update of the server's model with the mean of this and all held gradients
  hold,   ///< kept for a later update
  drop,   ///< forgotten
  local   ///< the learner updates its own model with it
};

/// What a learner does next. Only the one whose gradient arrived, and those that wait, may be told to repeat.
enum class Next : std::uint8_t {
  go_on,   ///< undisturbed: it goes on computing, or waiting
  repeat,  ///< begins another mini-batch at the model that it holds
  fetch,   ///< whatever it computes is cancelled; it gets the server's present model and begins
  wait     ///< waits until a later decision
};

struct LearnerView {
  bool computing = false;       ///< else it waits
  std::int64_t version = 0;     ///< of the model that it holds
  std::int64_t finished = 0;    ///< gradients that arrived from it, dropped ones included
  std::int64_t since_round = 0; ///< local updates since its last round
};

struct Held {
  int learner = 0;
  std::int64_t version = 0;  ///< of the model at which it was computed
};

/// Mean mini-batch loss over the first and over the last completed block of `loss_block()`; equal before a second one
/// is complete, 0 before the first.
struct LossView {
  double first = 0.0;
  double latest = 0.0;
};

/// What a policy may look at. The arrived gradient is counted in `finished` and `since_round` but is not among
/// `held`.
struct View {
  std::int64_t version = 0;
  std::span<const LearnerView> learners;
  std::span<const Held> held;
  LossView loss;
};

struct Arrival {
  int learner = 0;
  std::int64_t version = 0;
};

enum class RoundOf : std::uint8_t { none, all, arrived };

/// Reused between calls; the caller sets use = hold, every next = go_on and round = none.
struct Decision {
  Use use = Use::hold;
  std::vector<Next> next;        ///< one per learner
  RoundOf round = RoundOf::none; ///< whose models are mixed now (on_round says how); its members wait at this point and
                                 ///< begin the next mini-batch when the round's messages are through
};

/// new[target] = sum of weight * old[source]; `source` or `target` = number of learners is the server's model.
struct Mix {
  int target = 0;
  int source = 0;
  double weight = 0.0;
};

enum class RoundTraffic : std::uint8_t { all_reduce, neighbours, server };

struct Round {
  std::vector<Mix> mix;  ///< rows of participants; those not named keep their model. Weights of a row sum to 1
  RoundTraffic traffic = RoundTraffic::all_reduce;
};

/// Theory where it holds: compute times independent, communication free. Nothing where there is no formula.
struct Expectation {
  std::optional<Seconds> iteration;   ///< mean time between updates of the model (local variants: of one local step)
  std::optional<double> staleness;    ///< mean
  std::optional<double> fresh;        ///< P(staleness = 0)
  std::string formula;                ///< of the iteration time, in words of the field: "(H_P - H_{P-K}) / mu"
};

class Variant {
 public:
  virtual ~Variant() = default;
  virtual std::unique_ptr<Variant> clone() const = 0;
  virtual void visit(FieldVisitor& v) = 0;

  /// Why it cannot run on so many learners ("k=9, but there are 8 learners; use at most 8"); nothing when it can.
  virtual std::optional<std::string> refusal(int learners) const = 0;
  virtual bool is_central() const = 0;
  /// True where the server holds the model that is scored; else it is the mean of the learners' models.
  virtual bool has_server_model() const { return is_central(); }
  /// Largest possible staleness; nothing where it has no bound. Local variants: 0.
  virtual std::optional<std::int64_t> staleness_bound(int learners) const = 0;
  /// Length of the blocks of LossView, for variants that adapt to the loss; 0: not needed.
  virtual Seconds loss_block() const { return Seconds(0.0); }
  virtual Expectation expectation(const straggler::StragglerConfig& times, int learners) const = 0;
  /// Short, for tables: "K-sync, K=4".
  virtual std::string label() const = 0;

  virtual void on_gradient(const Arrival& arrival, const View& view, Decision& decision) const = 0;
  /// Local variants: how models are mixed. `arrived` is the learner whose gradient caused the round.
  virtual void on_round(int arrived, const View& view, Round& round) const;

  static Registry<Variant>& registry();
};

}  // namespace orrery::sync
