// K-async SGD: nothing is cancelled. A learner that has pushed waits for the update; the update is the mean of K
// gradients of K different learners, each at the model that its learner had read, and those K begin at the new model
// while the others go on. Less noise per update than asynchronous SGD, less staleness, and no work is lost.
// Source: Dutta et al., AISTATS 2018.
//
// The staleness of a learner's gradient is the number of updates between two of its own, less one. Each of J updates
// takes K of P learners, so the mean over many updates is (P J - K J) / (K J) = P / K - 1, for any distribution that
// has a mean (async.cpp says why). Exponential times: E[T] = (H_P - H_{P-K}) / mu as for K-sync, and each learner is in
// an update with probability K / P independently of the past, so the staleness is geometric and fresh with probability
// K / P. K = P is fully synchronous, K = 1 asynchronous SGD. Else there is no closed form, only E[T] <= E[X_{K:P}] for
// times that are new longer than used.
#include "workloads/sync/moves.hpp"
#include "workloads/sync/theory.hpp"

namespace orrery::sync {
namespace {

struct KAsyncConfig {
  int k = 2;
};
template <class V>
void fields(V& v, KAsyncConfig& c) {
  v("k", c.k, "gradients of different learners that make an update", at_least(1));
}

class KAsync final : public Configured<Variant, KAsync, KAsyncConfig> {
 public:
  std::optional<std::string> refusal(int learners) const override {
    return refuse_more_than_learners("k", config().k, learners);
  }
  bool is_central() const override { return true; }
  std::optional<std::int64_t> staleness_bound(int learners) const override {
    if (config().k == learners) return 0;
    return std::nullopt;
  }
  std::string label() const override { return "K-async, K=" + std::to_string(config().k); }

  Expectation expectation(const straggler::StragglerConfig& times, int learners) const override {
    const int k = config().k;
    if (k == learners) return never_stale(kth_finish(times, k, learners), "E[X_{P:P}]; exponential: H_P / mu");
    Expectation expected;
    if (have_mean(times)) expected.staleness = static_cast<double>(learners) / k - 1.0;
    expected.formula = "exponential: (H_P - H_{P-K}) / mu";
    if (k == 1) expected.iteration = gradient_interval(times, learners);
    if (is_memoryless(times, learners)) {
      expected.iteration = kth_finish(times, k, learners);
      expected.fresh = static_cast<double>(k) / learners;
    }
    return expected;
  }

  void on_gradient(const Arrival& arrival, const View& view, Decision& decision) const override {
    if (gathered(view) == config().k)
      update_and_restart_contributors(arrival, view, decision);
    else
      hold_and(Next::wait, arrival, decision);
  }
};

const bool registered = Variant::registry().add<KAsync>(
    "k_async", "each update takes k learners' gradients, stale ones too; these wait for it, nobody is cancelled");

}  // namespace
}  // namespace orrery::sync
