// AdaSync: K-sync or K-batch-sync SGD whose K follows the loss. Few gradients per update while the loss falls fast
// (more updates per second), more of them near the end (less noise, a lower error floor). After each block of time
// the mean mini-batch loss F_l sets
//   K_l = K_0 sqrt(F_0 / F_l), rounded to the nearest integer,
// with F_0 of the first block; never less than K_0, never more than P.
// Source: Dutta, Wang and Joshi, Slow and stale gradients can win the race, IEEE JSAIT 2021.
#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "workloads/sync/loss_ratio.hpp"
#include "workloads/sync/moves.hpp"

namespace orrery::sync {
namespace {

enum class Scheme { k_sync, k_batch_sync };
constexpr auto names_of(Scheme) {
  return std::array{std::string_view("k_sync"), std::string_view("k_batch_sync")};
}

struct AdaSyncConfig {
  int k = 2;
  Scheme scheme = Scheme::k_batch_sync;
  Seconds block{60.0};
};
template <class V>
void fields(V& v, AdaSyncConfig& c) {
  v("k", c.k, "K_0: gradients that make an update at the start", at_least(1));
  v("scheme", c.scheme, "what a learner does that has finished before an update: waits (k_sync) or computes another");
  v("block", c.block, "time after which the loss is looked at and K set anew", more_than(0));
}

class AdaSync final : public Configured<Variant, AdaSync, AdaSyncConfig> {
 public:
  std::optional<std::string> refusal(int learners) const override {
    return refuse_more_than_learners("k", config().k, learners);
  }
  bool is_central() const override { return true; }
  std::optional<std::int64_t> staleness_bound(int) const override { return 0; }
  Seconds loss_block() const override { return config().block; }
  std::string label() const override {
    const std::string scheme = config().scheme == Scheme::k_sync ? "K-sync" : "K-batch-sync";
    return "AdaSync (" + scheme + "), K_0=" + std::to_string(config().k);
  }

  Expectation expectation(const straggler::StragglerConfig&, int) const override {
    return never_stale(std::nullopt, "as its scheme with the K of the moment");
  }

  void on_gradient(const Arrival& arrival, const View& view, Decision& decision) const override {
    const auto all = static_cast<double>(view.learners.size());
    const double k = std::min(all, std::floor(config().k / loss_root(view.loss) + 0.5));
    if (gathered(view) >= static_cast<std::int64_t>(k))
      update_and_restart_all(decision);
    else
      hold_and(config().scheme == Scheme::k_sync ? Next::wait : Next::repeat, arrival, decision);
  }
};

const bool registered = Variant::registry().add<AdaSync>(
    "adasync", "K-sync or K-batch-sync whose K grows as the loss falls: K_l = K_0 sqrt(F_0 / F_l)");

}  // namespace
}  // namespace orrery::sync
