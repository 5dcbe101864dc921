// Exponential compute times with rate mu = 1 / mean: P(X > t) = e^(-mu t). Memoryless, hence the case in which most of
// the theory of parallel SGD has closed forms, and a caricature: a mini-batch may take no time at all.
//
// The k-th smallest of n is a sum of independent exponentials, E[X_{k:n}] = (H_n - H_{n-k}) / mu (Renyi 1953); the sum
// of n is Erlang. Used with n learners: Dutta et al., "Slow and Stale Gradients Can Win the Race", AISTATS 2018.
#include <cmath>

#include "workloads/straggler/compute_time.hpp"
#include "workloads/straggler/sample_means.hpp"
#include "workloads/straggler/special_functions.hpp"

namespace orrery::straggler {
namespace {

struct ExponentialConfig {
  Seconds mean{1.0};
};
template <class V>
void fields(V& v, ExponentialConfig& c) {
  v("mean", c.mean, "mean time of a mini-batch, 1/mu", more_than(0));
}

class Exponential final : public Configured<ComputeTime, Exponential, ExponentialConfig> {
 public:
  Seconds sample(RngStream& draws) const override { return Seconds(draws.exponential(config().mean.value())); }
  double cdf(Seconds t) const override { return t <= Seconds(0.0) ? 0.0 : -std::expm1(-(t / config().mean)); }
  Seconds quantile(double p) const override { return config().mean * -std::log1p(-p); }
  Seconds upper_quantile(double q) const override { return config().mean * -std::log(q); }
  Seconds mean() const override { return config().mean; }
  std::optional<double> cv2() const override { return 1.0; }
  bool is_memoryless() const override { return true; }
  Seconds order_statistic_mean(int k, int n) const override { return config().mean * harmonic_difference(n, n - k); }
  std::optional<double> sum_cdf(int n, Seconds t) const override { return gamma_cdf(n, t / config().mean); }

  double log_density(Seconds t) const override { return -std::log(config().mean.value()) - t / config().mean; }
  int fit(std::span<const Seconds> times) override {
    config().mean = mean_of(times);
    return 1;
  }
};

const bool registered =
    ComputeTime::registry().add<Exponential>("exponential", "memoryless: most theory of parallel SGD assumes it");

}  // namespace
}  // namespace orrery::straggler
