// Fully synchronous SGD: each update is the mean of one gradient from every learner, all at the same model. No
// gradient is stale, so the error per update is the smallest; each update waits for the slowest learner, so the
// updates are the fewest. Good where compute times hardly vary, and wherever an all-reduce is to be used.
// Source: Dutta et al., Slow and stale gradients can win the race, AISTATS 2018.
//
//   E[T] = E[X_{P:P}]      exponential with rate mu: H_P / mu
#include "workloads/sync/moves.hpp"
#include "workloads/sync/theory.hpp"

namespace orrery::sync {
namespace {

struct SyncConfig {};
template <class V>
void fields(V&, SyncConfig&) {}

class Sync final : public Configured<Variant, Sync, SyncConfig> {
 public:
  std::optional<std::string> refusal(int) const override { return std::nullopt; }
  bool is_central() const override { return true; }
  std::optional<std::int64_t> staleness_bound(int) const override { return 0; }
  std::string label() const override { return "sync"; }

  Expectation expectation(const straggler::StragglerConfig& times, int learners) const override {
    return never_stale(kth_finish(times, learners, learners), "E[X_{P:P}]; exponential: H_P / mu");
  }

  void on_gradient(const Arrival& arrival, const View& view, Decision& decision) const override {
    if (gathered(view) == static_cast<std::int64_t>(view.learners.size()))
      update_and_restart_all(decision);
    else
      hold_and(Next::wait, arrival, decision);
  }
};

const bool registered =
    Variant::registry().add<Sync>("sync", "each update waits for all learners (fully synchronous; all-reduce)");

}  // namespace
}  // namespace orrery::sync
