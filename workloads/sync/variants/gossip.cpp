// Decentralised SGD over a ring: every few steps each learner takes the mean of its own model and its two
// neighbours',
//   w_i <- (w_{i-1} + w_i + w_{i+1}) / 3,
// with no server and no all-reduce: each learner sends two messages per round, however many learners there are. The
// price: differences between models die out slowly, by lambda_2 = (1 + 2 cos(2 pi / P)) / 3 per round, so large rings
// need more rounds. Synchronous: a round is of all learners. With two learners both neighbours are the other one.
// Source: Lian et al., Can decentralized algorithms outperform centralized algorithms?, NIPS 2017 (D-PSGD).
//
//   E[T] of one local step as for local SGD with the period for tau
#include "workloads/sync/averaging.hpp"
#include "workloads/sync/moves.hpp"
#include "workloads/sync/theory.hpp"

namespace orrery::sync {
namespace {

struct GossipConfig {
  int period = 1;
};
template <class V>
void fields(V& v, GossipConfig& c) {
  v("period", c.period, "local steps between two rounds", at_least(1));
}

class Gossip final : public Configured<Variant, Gossip, GossipConfig> {
 public:
  std::optional<std::string> refusal(int) const override { return std::nullopt; }
  bool is_central() const override { return false; }
  std::optional<std::int64_t> staleness_bound(int) const override { return 0; }
  std::string label() const override { return "gossip on a ring, period=" + std::to_string(config().period); }

  Expectation expectation(const straggler::StragglerConfig& times, int learners) const override {
    std::optional<Seconds> step = slowest_of_steps(times, config().period, learners);
    if (step) *step *= 1.0 / config().period;
    return never_stale(step, "E[max_i (X_i1 + .. + X_i,period) / period]");
  }

  void on_gradient(const Arrival& arrival, const View& view, Decision& decision) const override {
    step_until_round(config().period, arrival, view, decision);
  }

  void on_round(int, const View& view, Round& round) const override {
    const int n = static_cast<int>(view.learners.size());
    round.traffic = RoundTraffic::neighbours;
    for (int i = 0; i < n; ++i) {
      const int left = (i + n - 1) % n, right = (i + 1) % n;
      if (n == 1) {
        round.mix.push_back({i, i, 1.0});
      } else if (n == 2) {
        round.mix.push_back({i, i, 1.0 / 3});
        round.mix.push_back({i, right, 2.0 / 3});
      } else {
        for (const int source : {left, i, right}) round.mix.push_back({i, source, 1.0 / 3});
      }
    }
  }
};

const bool registered = Variant::registry().add<Gossip>(
    "gossip", "no server: each learner averages its model with its two neighbours on a ring (D-PSGD)");

}  // namespace
}  // namespace orrery::sync
