// K-sync SGD: all learners begin at the same model; the update is the mean of the first K gradients, the other P - K
// learners are cancelled, and all begin again at the new model. Stragglers beyond K cost nothing but their own work;
// no gradient is stale. K = P is fully synchronous SGD. Good where few learners straggle and the noise of K gradients
// is small enough.
// Source: Dutta et al., AISTATS 2018.
//
//   E[T] = E[X_{K:P}]      exponential with rate mu: (H_P - H_{P-K}) / mu
#include "workloads/sync/moves.hpp"
#include "workloads/sync/theory.hpp"

namespace orrery::sync {
namespace {

struct KSyncConfig {
  int k = 2;
};
template <class V>
void fields(V& v, KSyncConfig& c) {
  v("k", c.k, "gradients of different learners that make an update", at_least(1));
}

class KSync final : public Configured<Variant, KSync, KSyncConfig> {
 public:
  std::optional<std::string> refusal(int learners) const override {
    return refuse_more_than_learners("k", config().k, learners);
  }
  bool is_central() const override { return true; }
  std::optional<std::int64_t> staleness_bound(int) const override { return 0; }
  std::string label() const override { return "K-sync, K=" + std::to_string(config().k); }

  Expectation expectation(const straggler::StragglerConfig& times, int learners) const override {
    return never_stale(kth_finish(times, config().k, learners), "E[X_{K:P}]; exponential: (H_P - H_{P-K}) / mu");
  }

  void on_gradient(const Arrival& arrival, const View& view, Decision& decision) const override {
    if (gathered(view) == config().k)
      update_and_restart_all(decision);
    else
      hold_and(Next::wait, arrival, decision);
  }
};

const bool registered = Variant::registry().add<KSync>(
    "k_sync", "each update takes the first k learners' gradients; the other learners are cancelled");

}  // namespace
}  // namespace orrery::sync
