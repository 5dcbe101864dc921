// What each learner does at every moment of a simulated run, in integer nanoseconds: where its time went (the sums are
// exact: over all learners they are learners times the end), and the first spans, for timelines.
//
// Whether a mini-batch's time was well spent is known later than its end, when the server has decided; until then it is
// kept aside.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/base/units.hpp"
#include "workloads/sgd/result.hpp"

namespace orrery::sgd {

class Activity {
 public:
  /// All learners wait at time 0.
  Activity(int learners, std::size_t spans_kept);

  /// From now on the learner does this. REQUIRES: not `cancelled`; to compute, nothing undecided.
  void enter(int learner, Doing doing, SimTime now);
  Doing doing(int learner) const { return learners_[static_cast<std::size_t>(learner)].doing; }

  /// True from the end of a mini-batch (its last moment or its cancellation) until it is decided on.
  bool undecided(int learner) const { return learners_[static_cast<std::size_t>(learner)].undecided; }
  /// Decides on the learner's last mini-batch. REQUIRES: undecided.
  void used(int learner, std::int64_t staleness) { decide(learner, Doing::computing, staleness); }
  void wasted(int learner) { decide(learner, Doing::cancelled, 0); }

  /// Ends everything and writes the sums and spans; mini-batches that nobody has decided on count as computed.
  void finish(SimTime end, SgdResult& result);

 private:
  struct Learner {
    Doing doing = Doing::waiting;
    SimTime since;
    bool undecided = false;  // a mini-batch from `begin` to `end`
    SimTime begin, end;
  };
  void close(Learner& learner, int index, SimTime now);
  void decide(int learner, Doing outcome, std::int64_t staleness);
  void record(int learner, Doing doing, SimTime begin, SimTime end, std::int64_t staleness);

  std::vector<Learner> learners_;
  std::int64_t computed_ = 0, wasted_ = 0, waited_ = 0, communicated_ = 0;  // ns
  std::size_t spans_kept_;
  std::vector<LearnerSpan> spans_;
};

}  // namespace orrery::sgd
