// Elastic averaging SGD (EASGD, asynchronous): each learner steps on a model of its own; every tau steps it and a
// centre at the server move towards each other by alpha of their difference,
//   w_i <- w_i - alpha (w_i - c),   c <- c + alpha (w_i - c).
// Nobody waits for another learner; the elastic tie lets the learners explore, and the centre, which is what counts
// at the end, is a moving average of them. Good where messages are slow and learners of unequal speed.
// Source: Zhang, Choromanska and LeCun, Deep learning with elastic averaging SGD, NIPS 2015, algorithm 1; they take
// alpha = 0.9 / P and tau = 10.
//
// A learner's local steps take E[X_i] each, so that P learners make sum_i 1 / E[X_i] steps per second: the mean time of
// one step over all is the harmonic mean, P / sum_i 1 / E[X_i].
//
// One learner has nobody to agree with: it is plain SGD, and the centre is a copy of its model at each exchange.
#include "workloads/sync/moves.hpp"
#include "workloads/sync/theory.hpp"

namespace orrery::sync {
namespace {

struct ElasticAveragingConfig {
  int tau = 10;
  std::optional<double> alpha;
};
template <class V>
void fields(V& v, ElasticAveragingConfig& c) {
  v("tau", c.tau, "local steps between two exchanges with the centre", at_least(1));
  v("alpha", c.alpha, "share of their difference that learner and centre give up; none: 0.9 / learners",
    Limits{0.0, 1.0, true, false});
}

class ElasticAveraging final : public Configured<Variant, ElasticAveraging, ElasticAveragingConfig> {
 public:
  std::optional<std::string> refusal(int) const override { return std::nullopt; }
  bool is_central() const override { return false; }
  bool has_server_model() const override { return true; }
  std::optional<std::int64_t> staleness_bound(int) const override { return 0; }
  std::string label() const override { return "EASGD, tau=" + std::to_string(config().tau); }

  Expectation expectation(const straggler::StragglerConfig& times, int learners) const override {
    std::optional<Seconds> step = gradient_interval(times, learners);
    if (step) *step = *step * learners;
    return never_stale(step, "E[X]; unequal learners: P / sum_i 1/E[X_i]");
  }

  void on_gradient(const Arrival& arrival, const View& view, Decision& decision) const override {
    decision.use = Use::local;
    const bool is_due = view.learners[static_cast<std::size_t>(arrival.learner)].since_round >= config().tau;
    next_of(decision, arrival.learner) = is_due ? Next::wait : Next::repeat;
    if (is_due) decision.round = RoundOf::arrived;
  }

  void on_round(int arrived, const View& view, Round& round) const override {
    const int centre = static_cast<int>(view.learners.size());
    round.traffic = RoundTraffic::server;
    if (centre == 1) {
      round.mix.push_back({centre, arrived, 1.0});
      return;
    }
    const double alpha = config().alpha.value_or(0.9 / centre);
    round.mix.push_back({arrived, arrived, 1.0 - alpha});
    round.mix.push_back({arrived, centre, alpha});
    round.mix.push_back({centre, centre, 1.0 - alpha});
    round.mix.push_back({centre, arrived, alpha});
  }
};

const bool registered = Variant::registry().add<ElasticAveraging>(
    "elastic_averaging", "learners step alone; now and then each and a centre move towards each other (EASGD)");

}  // namespace
}  // namespace orrery::sync
