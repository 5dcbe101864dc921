#include "workloads/straggler/compute_time.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/base/error.hpp"
#include "workloads/straggler/special_functions.hpp"

namespace orrery::straggler {

namespace {

/// Q(u) Beta(u; k, n-k+1) du as a function of the logit x = ln(u / (1 - u)): there du = u (1 - u) dx, both end points
/// lie at infinity, and the integrand falls exponentially towards them.
class LogitIntegrand {
 public:
  LogitIntegrand(const ComputeTime& time, int k, int n)
      : time_(time), below_(k), above_(n - k + 1), log_scale_(-log_beta(k, n - k + 1)) {}

  double mode() const { return std::log(below_ / above_); }  ///< of the weight, in x
  double width() const { return std::sqrt(1.0 / below_ + 1.0 / above_); }

  double operator()(double x) const {
    const double tail = std::log1p(std::exp(-std::fabs(x)));
    const double log_u = std::min(x, 0.0) - tail;
    const double log_rest = std::min(-x, 0.0) - tail;  // of 1 - u
    const double weight = std::exp(log_scale_ + below_ * log_u + above_ * log_rest);
    if (weight == 0.0) return 0.0;
    const Seconds time = x <= 0 ? time_.quantile(std::exp(log_u)) : time_.upper_quantile(std::exp(log_rest));
    return weight * time.value();
  }

 private:
  const ComputeTime& time_;
  double below_, above_, log_scale_;
};

/// Sum of f at from, from + step, ... until the terms no longer count. The weight has one peak and the quantile
/// function grows with x, so that terms that are small compared with `sum` stay small. `reach` ends what does not
/// converge.
double add_terms(const LogitIntegrand& f, double from, double step, double sum, double reach) {
  for (double x = from; std::fabs(x) < reach; x += step) {
    const double term = f(x);
    sum += term;
    if (term <= 1e-18 * sum) break;
  }
  return sum;
}

}  // namespace

Registry<ComputeTime>& ComputeTime::registry() {
  static Registry<ComputeTime> times("compute time", "compute_times");
  return times;
}

Seconds ComputeTime::upper_quantile(double q) const {
  return quantile(1.0 - std::max(q, 0x1.0p-53));
}

// The trapezoidal rule converges geometrically for analytic integrands on the real line (Trefethen and Weideman, SIAM
// Review 56, 2014): the step is halved, adding the points in between, until nothing changes any more.
Seconds ComputeTime::order_statistic_mean(int k, int n) const {
  SIM_ASSERT(1 <= k && k <= n, "the k-th smallest of n times needs 1 <= k <= n");
  constexpr double kReach = 700.0;  // e^-700 is still a normal number
  const LogitIntegrand f(*this, k, n);
  double step = std::min(1.0, f.width());
  double sum = f(f.mode());
  sum = add_terms(f, f.mode() + step, step, sum, kReach);
  sum = add_terms(f, f.mode() - step, -step, sum, kReach);
  double integral = step * sum;
  for (int halvings = 0; halvings < 12; ++halvings) {
    sum = add_terms(f, f.mode() + 0.5 * step, step, sum, kReach);
    sum = add_terms(f, f.mode() - 0.5 * step, -step, sum, kReach);
    step *= 0.5;
    const double finer = step * sum;
    const bool settled = std::fabs(finer - integral) <= 1e-13 * finer;
    integral = finer;
    if (settled) break;
  }
  return Seconds(integral);
}

std::optional<double> ComputeTime::sum_cdf(int, Seconds) const {
  return std::nullopt;
}

double ComputeTime::log_density(Seconds) const {
  return -std::numeric_limits<double>::infinity();
}

int ComputeTime::fit(std::span<const Seconds>) {
  return 0;
}

}  // namespace orrery::straggler
