// Pareto compute times: P(X > t) = (minimum / t)^shape for t >= minimum. A heavy tail: the longer a mini-batch has run,
// the longer it still takes on average, so that cancelling stragglers pays; the variance is infinite with shape <= 2,
// the mean with shape <= 1.
//
// With a = shape: E[X_{k:n}] = minimum Gamma(n+1) Gamma(n-k+1-1/a) / (Gamma(n-k+1) Gamma(n+1-1/a))
//                            = minimum prod_{j=n-k+1}^{n} j / (j - 1/a), infinite when a (n-k+1) <= 1
// (Arnold, Pareto Distributions, 2015).
#include <cmath>
#include <limits>

#include "workloads/straggler/compute_time.hpp"
#include "workloads/straggler/sample_means.hpp"

namespace orrery::straggler {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kLeastShape = 0.1;  // below it times no longer fit into floating-point numbers

struct ParetoConfig {
  Seconds minimum{1.0};
  double shape = 3.0;
};
template <class V>
void fields(V& v, ParetoConfig& c) {
  v("minimum", c.minimum, "least time of a mini-batch", more_than(0));
  v("shape", c.shape,
    "exponent of the tail; the smaller, the heavier: infinite variance up to 2, infinite mean up to 1",
    at_least(kLeastShape));
}

class Pareto final : public Configured<ComputeTime, Pareto, ParetoConfig> {
 public:
  Seconds sample(RngStream& draws) const override {
    return Seconds(draws.pareto(config().minimum.value(), config().shape));
  }
  double cdf(Seconds t) const override {
    return t <= config().minimum ? 0.0 : -std::expm1(-config().shape * std::log(t / config().minimum));
  }
  Seconds quantile(double p) const override { return config().minimum * std::exp(-std::log1p(-p) / config().shape); }
  Seconds upper_quantile(double q) const override { return config().minimum * std::pow(q, -1.0 / config().shape); }
  Seconds mean() const override { return order_statistic_mean(1, 1); }
  std::optional<double> cv2() const override {
    const double a = config().shape;
    if (a <= 2.0) return std::nullopt;
    return 1.0 / (a * (a - 2.0));
  }
  Seconds order_statistic_mean(int k, int n) const override {
    if (config().shape * (n - k + 1) <= 1.0) return Seconds(kInfinity);
    double product = 1.0;
    for (int j = n - k + 1; j <= n; ++j) product *= j / (j - 1.0 / config().shape);
    return config().minimum * product;
  }

  double log_density(Seconds t) const override {
    if (t < config().minimum) return -kInfinity;
    const double a = config().shape;
    return std::log(a / t.value()) - a * std::log(t / config().minimum);
  }
  /// The likelihood grows with the minimum up to the smallest time; then 1 / shape is the mean of ln(t / minimum).
  int fit(std::span<const Seconds> times) override {
    const double mean_log = log_moments_of(times).mean - std::log(times.front().value());
    if (mean_log <= 0.0 || mean_log > 1.0 / kLeastShape) return 0;
    config() = {times.front(), 1.0 / mean_log};
    return 2;
  }
};

const bool registered = ComputeTime::registry().add<Pareto>("pareto", "heavy tail: rare mini-batches take very long");

}  // namespace
}  // namespace orrery::straggler
