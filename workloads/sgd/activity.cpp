#include "workloads/sgd/activity.hpp"

#include <algorithm>
#include <tuple>

#include "sim/base/error.hpp"

namespace orrery::sgd {

Activity::Activity(int learners, std::size_t spans_kept)
    : learners_(static_cast<std::size_t>(learners)), spans_kept_(spans_kept) {
  spans_.reserve(spans_kept);
}

void Activity::enter(int learner, Doing doing, SimTime now) {
  SIM_ASSERT(doing != Doing::cancelled, "a mini-batch is cancelled by a decision");
  Learner& l = learners_[static_cast<std::size_t>(learner)];
  close(l, learner, now);
  SIM_ASSERT(doing != Doing::computing || !l.undecided, "a learner computes one mini-batch at a time");
  l.doing = doing;
  l.since = now;
}

/// What the learner has done until now is added up; a mini-batch is kept aside.
void Activity::close(Learner& l, int index, SimTime now) {
  const std::int64_t ns = now.ns - l.since.ns;
  switch (l.doing) {
    case Doing::computing:
      l.undecided = true;
      l.begin = l.since;
      l.end = now;
      return;
    case Doing::waiting:
      waited_ += ns;
      break;
    case Doing::cancelled:
    case Doing::pushing:
    case Doing::fetching:
    case Doing::round:
      communicated_ += ns;
      break;
  }
  record(index, l.doing, l.since, now, 0);
}

void Activity::decide(int learner, Doing outcome, std::int64_t staleness) {
  Learner& l = learners_[static_cast<std::size_t>(learner)];
  SIM_ASSERT(l.undecided, "the learner has no mini-batch to decide on");
  l.undecided = false;
  (outcome == Doing::computing ? computed_ : wasted_) += l.end.ns - l.begin.ns;
  record(learner, outcome, l.begin, l.end, staleness);
}

void Activity::record(int learner, Doing doing, SimTime begin, SimTime end, std::int64_t staleness) {
  if (spans_.size() == spans_kept_ || begin == end) return;
  spans_.push_back({learner, doing, begin.seconds(), end.seconds(), staleness});
}

void Activity::finish(SimTime end, SgdResult& result) {
  for (std::size_t i = 0; i < learners_.size(); ++i) {
    const int learner = static_cast<int>(i);
    close(learners_[i], learner, end);
    learners_[i].since = end;
    if (learners_[i].undecided) used(learner, 0);
  }
  const auto seconds = [](std::int64_t ns) { return Seconds(static_cast<double>(ns) * 1e-9); };
  result.computed = seconds(computed_);
  result.wasted = seconds(wasted_);
  result.waited = seconds(waited_);
  result.communicated = seconds(communicated_);
  std::sort(spans_.begin(), spans_.end(), [](const LearnerSpan& a, const LearnerSpan& b) {
    return std::tuple(a.begin, a.learner, a.end) < std::tuple(b.begin, b.learner, b.end);
  });
  result.spans = std::move(spans_);
}

}  // namespace orrery::sgd
