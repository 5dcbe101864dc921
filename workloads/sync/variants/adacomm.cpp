// AdaComm: local SGD whose averaging period follows the loss. Rare averaging while the loss falls fast (more steps
// per second), frequent averaging near the end (a low error floor). After each block of time the mean mini-batch loss
// F_l sets
//   tau_l = ceil(sqrt(F_l / F_0) tau_0)
// with F_0 of the first block; never more than tau_0.
// Source: Wang and Joshi, Adaptive communication strategies to achieve the best error-runtime trade-off in
// local-update SGD, SysML 2019.
#include <algorithm>
#include <cmath>

#include "workloads/sync/averaging.hpp"
#include "workloads/sync/loss_ratio.hpp"
#include "workloads/sync/moves.hpp"

namespace orrery::sync {
namespace {

struct AdaCommConfig {
  int tau = 16;
  Seconds block{60.0};
};
template <class V>
void fields(V& v, AdaCommConfig& c) {
  v("tau", c.tau, "tau_0: local steps between two averagings at the start", at_least(1));
  v("block", c.block, "time after which the loss is looked at and tau set anew", more_than(0));
}

class AdaComm final : public Configured<Variant, AdaComm, AdaCommConfig> {
 public:
  std::optional<std::string> refusal(int) const override { return std::nullopt; }
  bool is_central() const override { return false; }
  std::optional<std::int64_t> staleness_bound(int) const override { return 0; }
  Seconds loss_block() const override { return config().block; }
  std::string label() const override { return "AdaComm, tau_0=" + std::to_string(config().tau); }

  Expectation expectation(const straggler::StragglerConfig&, int) const override {
    return never_stale(std::nullopt, "as local SGD with the tau of the moment");
  }

  void on_gradient(const Arrival& arrival, const View& view, Decision& decision) const override {
    const double tau = std::ceil(loss_root(view.loss) * config().tau);
    step_until_round(std::max<std::int64_t>(1, static_cast<std::int64_t>(tau)), arrival, view, decision);
  }
  void on_round(int, const View& view, Round& round) const override { average_all(view.learners.size(), round); }
};

const bool registered = Variant::registry().add<AdaComm>(
    "adacomm", "local SGD that averages more often as the loss falls: tau_l = ceil(sqrt(F_l / F_0) tau_0)");

}  // namespace
}  // namespace orrery::sync
