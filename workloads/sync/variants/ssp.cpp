// Stale-synchronous parallel: asynchronous SGD in which no learner may begin a mini-batch while it is more than s
// gradients ahead of the slowest; those that are wait. Bounds the staleness, which asynchronous SGD does not, and
// lets brief stragglers pass; a lastingly slow learner still sets everybody's pace. s = 0 lets all begin together and
// applies each gradient on its own.
// Source: Ho et al., More effective distributed ML via a stale synchronous parallel parameter server, NIPS 2013.
//
// Bound. A learner that has finished c gradients begins another; nobody has finished fewer than c - s then, and until
// it arrives the slowest has finished at most c, so others begin with at most c + s and end with at most c + s + 1.
// Hence each of the P - 1 others makes at most 2 s + 1 updates meanwhile, and the staleness is at most (P - 1) (2 s +
// 1). With s = 0 all P gradients of a turn are computed at one model: staleness 0, 1, .., P - 1, and P updates take
// E[X_{P:P}].
#include <algorithm>

#include "workloads/sync/moves.hpp"
#include "workloads/sync/theory.hpp"

namespace orrery::sync {
namespace {

struct SspConfig {
  std::int64_t s = 3;
};
template <class V>
void fields(V& v, SspConfig& c) {
  v("s", c.s, "gradients that a learner may be ahead of the slowest when it begins the next", between(0, 1e9));
}

class Ssp final : public Configured<Variant, Ssp, SspConfig> {
 public:
  std::optional<std::string> refusal(int) const override { return std::nullopt; }
  bool is_central() const override { return true; }
  std::optional<std::int64_t> staleness_bound(int learners) const override {
    return (learners - 1) * (2 * config().s + 1);
  }
  std::string label() const override { return "SSP, s=" + std::to_string(config().s); }

  Expectation expectation(const straggler::StragglerConfig& times, int learners) const override {
    Expectation expected;
    expected.formula = "s = 0: E[X_{P:P}] / P";
    if (config().s > 0 && learners > 1) return expected;
    const std::optional<Seconds> turn = kth_finish(times, learners, learners);
    if (turn) expected.iteration = *turn / learners;
    expected.staleness = (learners - 1) / 2.0;
    expected.fresh = 1.0 / learners;
    return expected;
  }

  void on_gradient(const Arrival& arrival, const View& view, Decision& decision) const override {
    decision.use = Use::apply;
    next_of(decision, arrival.learner) = Next::wait;
    std::int64_t slowest = view.learners.front().finished;
    for (const LearnerView& learner : view.learners) slowest = std::min(slowest, learner.finished);
    for (std::size_t i = 0; i < view.learners.size(); ++i) {
      const LearnerView& learner = view.learners[i];
      if (!learner.computing && learner.finished - slowest <= config().s) decision.next[i] = Next::fetch;
    }
  }
};

const bool registered = Variant::registry().add<Ssp>(
    "ssp", "asynchronous, but nobody gets more than s gradients ahead of the slowest (stale-synchronous parallel)");

}  // namespace
}  // namespace orrery::sync
