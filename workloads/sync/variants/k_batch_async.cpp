// K-batch-async SGD: a learner pushes, fetches the newest model and goes on at once; each K gradients that have come
// in, whoever sent them, make an update (applied before the K-th sender fetches). Nobody waits and nothing is
// cancelled: the highest gradient rate there is, with less noise per update than asynchronous SGD.
// Source: Dutta et al., AISTATS 2018.
//
// Pushes numbered n = 1, 2, ...: push n is in update ceil(n/K), and its sender read the model of update floor(m/K)
// after its own push m before it. The staleness ceil(n/K) - 1 - floor(m/K), summed over a learner's pushes,
// telescopes; over all learners the mean is (P-1)/K. E[T] = K E[X] / P. Both hold for any distribution that has a mean.
// Exponential times: n - m is geometric with 1/P and independent of m mod K, hence P(fresh) = 1 - (P-1)/K (1 -
// (1-1/P)^K).
#include <cmath>

#include "workloads/sync/moves.hpp"
#include "workloads/sync/theory.hpp"

namespace orrery::sync {
namespace {

struct KBatchAsyncConfig {
  int k = 2;
};
template <class V>
void fields(V& v, KBatchAsyncConfig& c) {
  v("k", c.k, "gradients that make an update, several of one learner included", at_least(1));
}

class KBatchAsync final : public Configured<Variant, KBatchAsync, KBatchAsyncConfig> {
 public:
  std::optional<std::string> refusal(int) const override { return std::nullopt; }
  bool is_central() const override { return true; }
  std::optional<std::int64_t> staleness_bound(int learners) const override {
    if (learners == 1) return 0;
    return std::nullopt;
  }
  std::string label() const override { return "K-batch-async, K=" + std::to_string(config().k); }

  Expectation expectation(const straggler::StragglerConfig& times, int learners) const override {
    const double k = config().k, p = learners;
    Expectation expected;
    if (const std::optional<Seconds> interval = gradient_interval(times, learners)) expected.iteration = *interval * k;
    if (learners == 1 || have_mean(times)) expected.staleness = (p - 1.0) / k;
    if (learners == 1 || is_memoryless(times, learners))
      expected.fresh = 1.0 - (p - 1.0) / k * (1.0 - std::pow(1.0 - 1.0 / p, k));
    expected.formula = "K E[X] / P";
    return expected;
  }

  void on_gradient(const Arrival& arrival, const View& view, Decision& decision) const override {
    hold_and(Next::fetch, arrival, decision);
    if (gathered(view) == config().k) decision.use = Use::apply;
  }
};

const bool registered = Variant::registry().add<KBatchAsync>(
    "k_batch_async", "each k gradients that came in make an update; learners never wait and are never cancelled");

}  // namespace
}  // namespace orrery::sync
