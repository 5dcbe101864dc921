// Gamma compute times with a given mean and shape: between constant (shape large) and exponential (shape 1), and
// burstier below 1. With an integer shape k it is the Erlang distribution: the sum of k exponential phases, a local SGD
// round of k steps. The sum of n is gamma with shape n k. Order statistics have no closed form.
#include <cmath>

#include "workloads/straggler/compute_time.hpp"
#include "workloads/straggler/sample_means.hpp"
#include "workloads/straggler/special_functions.hpp"

namespace orrery::straggler {
namespace {

constexpr double kLeastShape = 0.1;    // below it times no longer fit into floating-point numbers
constexpr double kLargestShape = 1e8;  // deviations of 1e-4 of the mean; above it ln(k) - digamma(k) loses its digits

struct GammaConfig {
  Seconds mean{1.0};
  double shape = 4.0;
};
template <class V>
void fields(V& v, GammaConfig& c) {
  v("mean", c.mean, "mean time of a mini-batch", more_than(0));
  v("shape", c.shape, "squared mean over variance; 1 is exponential", between(kLeastShape, kLargestShape));
}

/// Solves ln(shape) - digamma(shape) = gap, the equation of maximum likelihood with gap = ln(mean) - mean of ln, by
/// Newton's method for 1/shape (Minka, "Estimating a Gamma distribution", 2002).
double likely_shape(double gap) {
  double shape = (3.0 - gap + std::sqrt((gap - 3.0) * (gap - 3.0) + 24.0 * gap)) / (12.0 * gap);
  for (int i = 0; i < 50; ++i) {
    const double error = std::log(shape) - digamma(shape) - gap;
    const double next = 1.0 / (1.0 / shape - error / (shape * shape * (trigamma(shape) - 1.0 / shape)));
    const bool settled = std::fabs(next - shape) <= 1e-13 * shape;
    shape = next;
    if (settled) break;
  }
  return shape;
}

class Gamma final : public Configured<ComputeTime, Gamma, GammaConfig> {
 public:
  Seconds sample(RngStream& draws) const override { return Seconds(draws.gamma(config().shape, scale().value())); }
  double cdf(Seconds t) const override { return gamma_cdf(config().shape, t / scale()); }
  Seconds quantile(double p) const override { return scale() * gamma_quantile(config().shape, p); }
  Seconds upper_quantile(double q) const override { return scale() * gamma_upper_quantile(config().shape, q); }
  Seconds mean() const override { return config().mean; }
  std::optional<double> cv2() const override { return 1.0 / config().shape; }
  std::optional<double> sum_cdf(int n, Seconds t) const override { return gamma_cdf(n * config().shape, t / scale()); }

  double log_density(Seconds t) const override {
    const double k = config().shape;
    const double x = t / scale();
    return (k - 1.0) * std::log(x) - x - log_gamma(k) - std::log(scale().value());
  }
  int fit(std::span<const Seconds> times) override {
    const Seconds mean = mean_of(times);
    const double gap = std::log(mean.value()) - log_moments_of(times).mean;
    if (gap < 0.5 / kLargestShape) return 0;  // ln(k) - digamma(k) is near 1 / (2 k) for large k
    const double shape = likely_shape(gap);
    if (!(shape >= kLeastShape)) return 0;
    config() = {mean, shape};
    return 2;
  }

 private:
  Seconds scale() const { return config().mean / config().shape; }
};

const bool registered = ComputeTime::registry().add<Gamma>("gamma", "between constant and exponential, or burstier");

}  // namespace
}  // namespace orrery::straggler
