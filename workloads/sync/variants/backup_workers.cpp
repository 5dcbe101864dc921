// Synchronous SGD with backup workers: of P learners b are spare; an update takes the first P - b gradients that were
// computed at the present model. The stragglers are not cancelled: they finish, their gradients are stale by then and
// are dropped, and they fetch the present model. No gradient is stale; unlike K-sync nothing must reach a learner in
// the midst of its work, at the price that a straggler comes late to the next update as well.
// Source: Chen et al., Revisiting distributed synchronous SGD, 2016 (arXiv 1604.00981).
//
// Exponential times with rate mu: every update begins with P - b learners at the present model and b at older ones
// (all at the present one before the first), and every arrival comes from each learner that computes with equal
// probability. With d gradients there and s learners at older models,
//   t(d, s) = 1/((P-d) mu) + ((P-d-s) t(d+1, s) + s t(d, s-1)) / (P-d),   t(P-b, .) = 0,   E[T] = t(0, b).
#include <algorithm>
#include <vector>

#include "workloads/sync/moves.hpp"
#include "workloads/sync/theory.hpp"

namespace orrery::sync {
namespace {

struct BackupWorkersConfig {
  int backups = 1;
};
template <class V>
void fields(V& v, BackupWorkersConfig& c) {
  v("backups", c.backups, "b: learners that no update waits for", at_least(0));
}

class BackupWorkers final : public Configured<Variant, BackupWorkers, BackupWorkersConfig> {
 public:
  std::optional<std::string> refusal(int learners) const override {
    const int b = config().backups;
    if (b < learners) return std::nullopt;
    return "backups=" + std::to_string(b) + ", but there are " + std::to_string(learners) +
           " learners; use backups <= " + std::to_string(learners - 1);
  }
  bool is_central() const override { return true; }
  std::optional<std::int64_t> staleness_bound(int) const override { return 0; }
  std::string label() const override { return "backup workers, b=" + std::to_string(config().backups); }

  Expectation expectation(const straggler::StragglerConfig& times, int learners) const override {
    if (config().backups == 0)
      return never_stale(kth_finish(times, learners, learners), "E[X_{P:P}]; exponential: H_P / mu");
    std::optional<Seconds> iteration;
    if (is_memoryless(times, learners)) iteration = *mean_time(times, learners) * updates_time(learners);
    return never_stale(iteration, "exponential: t(0, b), a Markov chain over stale learners");
  }

  void on_gradient(const Arrival& arrival, const View& view, Decision& decision) const override {
    if (arrival.version < view.version) {
      decision.use = Use::drop;
      next_of(decision, arrival.learner) = Next::fetch;
    } else if (gathered(view) == static_cast<std::int64_t>(view.learners.size()) - config().backups) {
      update_and_restart_contributors(arrival, view, decision);
    } else {
      hold_and(Next::wait, arrival, decision);
    }
  }

 private:
  /// t(0, b) of the file's head with mu = 1.
  double updates_time(int p) const {
    const int b = config().backups;
    std::vector<double> later(static_cast<std::size_t>(b) + 1, 0.0), now = later;  // t(d + 1, .) and t(d, .)
    for (int d = p - b - 1; d >= 0; --d) {
      for (int s = 0; s <= b; ++s) {
        const auto at = static_cast<std::size_t>(s);
        const double fresh = p - d - s, stale_arrives = s == 0 ? 0.0 : s * now[at - 1];
        now[at] = (1.0 + fresh * later[at] + stale_arrives) / (p - d);
      }
      later.swap(now);
    }
    return later.back();
  }
};

const bool registered = Variant::registry().add<BackupWorkers>(
    "backup_workers", "each update waits for all but b learners, whose late gradients are dropped");

}  // namespace
}  // namespace orrery::sync
