// Lognormal compute times: ln X is normal with variance sigma^2 = ln(1 + cv2) and mean ln(mean) - sigma^2 / 2. What
// times look like that many small independent effects multiply; skewed, with all moments. Order statistics have no
// closed form.
#include <cmath>

#include "sim/base/portable_math.hpp"
#include "workloads/straggler/compute_time.hpp"
#include "workloads/straggler/sample_means.hpp"

namespace orrery::straggler {
namespace {

struct LognormalConfig {
  Seconds mean{1.0};
  double cv2 = 0.25;
};
template <class V>
void fields(V& v, LognormalConfig& c) {
  v("mean", c.mean, "mean time of a mini-batch", more_than(0));
  v("cv2", c.cv2, "variance over squared mean; exponential times have 1", more_than(0));
}

class Lognormal final : public Configured<ComputeTime, Lognormal, LognormalConfig> {
 public:
  Seconds sample(RngStream& draws) const override {
    return Seconds(draws.lognormal_mean_cv2(config().mean.value(), config().cv2));
  }
  double cdf(Seconds t) const override {
    return t <= Seconds(0.0) ? 0.0 : 0.5 * std::erfc(-standard(t) / std::sqrt(2.0));
  }
  Seconds quantile(double p) const override { return at_deviations(normal_quantile(p)); }
  Seconds upper_quantile(double q) const override { return at_deviations(-normal_quantile(q)); }
  Seconds mean() const override { return config().mean; }
  std::optional<double> cv2() const override { return config().cv2; }

  double log_density(Seconds t) const override {
    constexpr double kHalfLog2Pi = 0.91893853320467274178;
    const double z = standard(t);
    return -kHalfLog2Pi - 0.5 * z * z - std::log(sigma() * t.value());
  }
  int fit(std::span<const Seconds> times) override {
    const LogMoments logs = log_moments_of(times);
    const double cv2 = std::expm1(logs.variance);
    if (!(cv2 > 0.0) || !std::isfinite(cv2)) return 0;
    config() = {Seconds(std::exp(logs.mean + 0.5 * logs.variance)), cv2};
    return 2;
  }

 private:
  double sigma() const { return std::sqrt(std::log1p(config().cv2)); }
  /// Standard deviations of ln t above the mean of ln X.
  double standard(Seconds t) const { return std::log(t / config().mean) / sigma() + 0.5 * sigma(); }
  Seconds at_deviations(double z) const { return config().mean * std::exp(sigma() * (z - 0.5 * sigma())); }
};

const bool registered = ComputeTime::registry().add<Lognormal>("lognormal", "skewed: many small effects multiplied");

}  // namespace
}  // namespace orrery::straggler
