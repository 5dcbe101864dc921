// K-batch-sync SGD: as K-sync, but a learner that has finished does not wait: it begins another mini-batch at the
// same model, so the K mini-batches of an update may come from fewer than K learners, and K may exceed P. At the K-th
// everything is cancelled and all begin at the new model. No gradient is stale, and an update never takes longer than
// with K-sync. Good where compute times vary much and independently of the learner; slow learners hardly contribute.
// Source: Dutta et al., AISTATS 2018.
//
//   E[T] = int_0^inf P(N_1(t) + .. + N_P(t) < K) dt      exponential with rate mu: K / (P mu)
#include "workloads/sync/moves.hpp"
#include "workloads/sync/theory.hpp"

namespace orrery::sync {
namespace {

struct KBatchSyncConfig {
  int k = 2;
};
template <class V>
void fields(V& v, KBatchSyncConfig& c) {
  v("k", c.k, "mini-batches that make an update, several of one learner included", at_least(1));
}

class KBatchSync final : public Configured<Variant, KBatchSync, KBatchSyncConfig> {
 public:
  std::optional<std::string> refusal(int) const override { return std::nullopt; }
  bool is_central() const override { return true; }
  std::optional<std::int64_t> staleness_bound(int) const override { return 0; }
  std::string label() const override { return "K-batch-sync, K=" + std::to_string(config().k); }

  Expectation expectation(const straggler::StragglerConfig& times, int learners) const override {
    return never_stale(kth_batch(times, config().k, learners),
                       "int_0^inf P(N_1(t) + .. + N_P(t) < K) dt; exponential: K / (P mu)");
  }

  void on_gradient(const Arrival& arrival, const View& view, Decision& decision) const override {
    if (gathered(view) == config().k)
      update_and_restart_all(decision);
    else
      hold_and(Next::repeat, arrival, decision);
  }
};

const bool registered = Variant::registry().add<KBatchSync>(
    "k_batch_sync", "each update takes the first k mini-batches, whoever computed them; the rest is cancelled");

}  // namespace
}  // namespace orrery::sync
