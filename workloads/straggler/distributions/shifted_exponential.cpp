// A fixed part and an exponential one: P(X > t) = e^(-(t - shift) / mean_excess) for t >= shift. The usual straggler
// model: work that always takes its time, then a random delay. With a shift, a fresh mini-batch takes longer than what
// is left of a running one, which is why variants that do not cancel gain (Dutta et al., AISTATS 2018: "new longer than
// used").
//
// E[X_{k:n}] = shift + (H_n - H_{n-k}) mean_excess; the sum of n is n shift + Erlang.
#include <cmath>
#include <limits>

#include "workloads/straggler/compute_time.hpp"
#include "workloads/straggler/sample_means.hpp"
#include "workloads/straggler/special_functions.hpp"

namespace orrery::straggler {
namespace {

struct ShiftedExponentialConfig {
  Seconds shift{0.5};
  Seconds mean_excess{0.5};
};
template <class V>
void fields(V& v, ShiftedExponentialConfig& c) {
  v("shift", c.shift, "least time of a mini-batch", at_least(0));
  v("mean_excess", c.mean_excess, "mean of what comes on top of it", more_than(0));
}

class ShiftedExponential final : public Configured<ComputeTime, ShiftedExponential, ShiftedExponentialConfig> {
 public:
  Seconds sample(RngStream& draws) const override {
    return Seconds(draws.shifted_exponential(config().shift.value(), config().mean_excess.value()));
  }
  double cdf(Seconds t) const override { return t <= config().shift ? 0.0 : -std::expm1(-excess(t)); }
  Seconds quantile(double p) const override { return config().shift + config().mean_excess * -std::log1p(-p); }
  Seconds upper_quantile(double q) const override { return config().shift + config().mean_excess * -std::log(q); }
  Seconds mean() const override { return config().shift + config().mean_excess; }
  std::optional<double> cv2() const override {
    const double share = config().mean_excess / mean();
    return share * share;
  }
  Seconds order_statistic_mean(int k, int n) const override {
    return config().shift + config().mean_excess * harmonic_difference(n, n - k);
  }
  std::optional<double> sum_cdf(int n, Seconds t) const override {
    return gamma_cdf(n, (t - config().shift * n) / config().mean_excess);
  }

  double log_density(Seconds t) const override {
    if (t < config().shift) return -std::numeric_limits<double>::infinity();
    return -std::log(config().mean_excess.value()) - excess(t);
  }
  /// The likelihood grows with the shift up to the smallest time.
  int fit(std::span<const Seconds> times) override {
    const Seconds beyond = mean_of(times) - times.front();
    if (beyond <= Seconds(0.0)) return 0;
    config() = {times.front(), beyond};
    return 2;
  }

 private:
  double excess(Seconds t) const { return (t - config().shift) / config().mean_excess; }
};

const bool registered = ComputeTime::registry().add<ShiftedExponential>(
    "shifted_exponential", "a fixed part and an exponential one: the usual straggler model");

}  // namespace
}  // namespace orrery::straggler
