// Local SGD, or periodic averaging (PASGD): each learner takes tau steps on a model of its own, then all wait for
// each other and take the mean of their models. Communication falls by tau, and the sum of tau times varies less than
// one, so less is lost to stragglers; the models drift apart meanwhile, which raises the error floor. Good where
// messages are slow. tau = 1 is fully synchronous SGD (for plain SGD steps).
// Source: Stich, Local SGD converges fast and communicates little, ICLR 2019; Wang and Joshi, AdaComm, SysML 2019.
//
//   E[T] of one local step = E[max over P learners of the mean of tau times]      (plus D / tau for the averaging)
#include "workloads/sync/averaging.hpp"
#include "workloads/sync/moves.hpp"
#include "workloads/sync/theory.hpp"

namespace orrery::sync {
namespace {

struct LocalSgdConfig {
  int tau = 4;
};
template <class V>
void fields(V& v, LocalSgdConfig& c) {
  v("tau", c.tau, "local steps between two averagings", at_least(1));
}

class LocalSgd final : public Configured<Variant, LocalSgd, LocalSgdConfig> {
 public:
  std::optional<std::string> refusal(int) const override { return std::nullopt; }
  bool is_central() const override { return false; }
  std::optional<std::int64_t> staleness_bound(int) const override { return 0; }
  std::string label() const override { return "local SGD, tau=" + std::to_string(config().tau); }

  Expectation expectation(const straggler::StragglerConfig& times, int learners) const override {
    std::optional<Seconds> step = slowest_of_steps(times, config().tau, learners);
    if (step) *step *= 1.0 / config().tau;
    return never_stale(step, "E[max_i (X_i1 + .. + X_i,tau) / tau]");
  }

  void on_gradient(const Arrival& arrival, const View& view, Decision& decision) const override {
    step_until_round(config().tau, arrival, view, decision);
  }
  void on_round(int, const View& view, Round& round) const override { average_all(view.learners.size(), round); }
};

const bool registered = Variant::registry().add<LocalSgd>(
    "local_sgd", "each learner takes tau steps of its own, then all models are averaged (periodic averaging)");

}  // namespace
}  // namespace orrery::sync
