// Asynchronous SGD: every gradient updates the model as soon as it arrives, and its sender goes on at the new model.
// The most updates per second and no waiting at all; but a gradient is as stale as the number of updates that others
// made while it was computed, which makes each update worse and limits the step size.
// Source: Recht et al. (Hogwild), NIPS 2011; Dean et al. (Downpour SGD), NIPS 2012; Dutta et al., AISTATS 2018.
//
//   E[T] = E[X] / P, mean staleness P - 1 (for any distribution that has a mean); exponential: staleness geometric with
//   1/P
//
// The staleness of a learner's gradient is the number of updates since its one before, less one. Summed over a
// learner's J_i of J updates that is the number of its last update less J_i; over all learners the mean is P - 1 less
// the shares of the run that mini-batches under way at its end have taken, which vanish where times have a mean.
#include "workloads/sync/moves.hpp"
#include "workloads/sync/theory.hpp"

namespace orrery::sync {
namespace {

struct AsyncConfig {};
template <class V>
void fields(V&, AsyncConfig&) {}

class Async final : public Configured<Variant, Async, AsyncConfig> {
 public:
  std::optional<std::string> refusal(int) const override { return std::nullopt; }
  bool is_central() const override { return true; }
  std::optional<std::int64_t> staleness_bound(int learners) const override {
    if (learners == 1) return 0;
    return std::nullopt;
  }
  std::string label() const override { return "async"; }

  Expectation expectation(const straggler::StragglerConfig& times, int learners) const override {
    Expectation expected;
    expected.iteration = gradient_interval(times, learners);
    if (learners == 1 || have_mean(times)) expected.staleness = learners - 1.0;
    if (learners == 1 || is_memoryless(times, learners)) expected.fresh = 1.0 / learners;
    expected.formula = "E[X] / P";
    return expected;
  }

  void on_gradient(const Arrival& arrival, const View&, Decision& decision) const override {
    decision.use = Use::apply;
    next_of(decision, arrival.learner) = Next::fetch;
  }
};

const bool registered =
    Variant::registry().add<Async>("async", "every gradient updates the model at once, however stale it is");

}  // namespace
}  // namespace orrery::sync
