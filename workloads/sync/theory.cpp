#include "workloads/sync/theory.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace orrery::sync {
namespace {

using straggler::ComputeTime;
using straggler::StragglerConfig;

/// The distribution of the sum of two counts, as far as both vectors reach.
void add_counts(const std::vector<double>& a, const std::vector<double>& b, std::vector<double>& sum) {
  sum.assign(a.size(), 0.0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] == 0.0) continue;
    for (std::size_t j = 0; i + j < sum.size(); ++j) sum[i + j] += a[i] * b[j];
  }
}

double factor_of(const StragglerConfig& times, int learner) {
  if (times.factors.empty()) return 1.0;
  return times.factors[static_cast<std::size_t>(learner) % times.factors.size()];
}

bool are_equal(const StragglerConfig& times, int learners) {
  for (int i = 1; i < learners; ++i)
    if (factor_of(times, i) != factor_of(times, 0)) return false;
  return true;
}

bool is_constant(const StragglerConfig& times) {
  const std::optional<double> cv2 = times.distribution->cv2();
  return cv2 && *cv2 == 0.0;
}

std::optional<Seconds> finite(Seconds s) {
  if (std::isfinite(s.value())) return s;
  return std::nullopt;
}

/// P(the sum of n times of the distribution <= t).
std::optional<double> sum_cdf(const ComputeTime& time, int n, double t) {
  if (n == 0) return 1.0;
  if (n == 1) return time.cdf(Seconds(t));
  return time.sum_cdf(n, Seconds(t));
}

/// Adaptive Gauss-Legendre: an interval is halved until five points agree with ten.
template <class F>
double integral_of(const F& f, double low, double high, double tolerance, int depth) {
  static constexpr double kNode[5] = {0.0, 0.5384693101056831, -0.5384693101056831, 0.9061798459386640,
                                      -0.9061798459386640};
  static constexpr double kWeight[5] = {0.5688888888888889, 0.4786286704993665, 0.4786286704993665,
                                        0.2369268850561891, 0.2369268850561891};
  const auto panel = [&](double a, double b) {
    double sum = 0.0;
    for (int i = 0; i < 5; ++i) sum += kWeight[i] * f((a + b) / 2.0 + (b - a) / 2.0 * kNode[i]);
    return sum * (b - a) / 2.0;
  };
  const double middle = (low + high) / 2.0;
  const double whole = panel(low, high), halves = panel(low, middle) + panel(middle, high);
  if (depth == 0 || std::abs(whole - halves) <= tolerance) return halves;
  return integral_of(f, low, middle, tolerance / 2.0, depth - 1) +
         integral_of(f, middle, high, tolerance / 2.0, depth - 1);
}

/// int_0^inf f of a function that falls from 1 to 0, in panels that double in length, until they add nothing. Nothing
/// when the tail is too heavy to end.
template <class F>
std::optional<Seconds> integral(const F& f, double scale) {
  constexpr double kRelative = 1e-12;
  double sum = 0.0, low = 0.0, high = scale;
  for (int panel = 0; panel < 200; ++panel) {
    const double part = integral_of(f, low, high, kRelative * (scale + sum), 40);
    sum += part;
    if (panel > 0 && part <= kRelative * sum && f(high) * high <= kRelative * sum) return Seconds(sum);
    low = high;
    high *= 2.0;
  }
  return std::nullopt;
}

}  // namespace

bool is_memoryless(const StragglerConfig& times, int learners) {
  return !times.slow_phases && are_equal(times, learners) && times.distribution->is_memoryless();
}

bool have_mean(const StragglerConfig& times) {
  return std::isfinite(times.distribution->mean().value());
}

std::optional<Seconds> mean_time(const StragglerConfig& times, int learners) {
  if (times.slow_phases) return std::nullopt;
  double factors = 0.0;
  for (int i = 0; i < learners; ++i) factors += factor_of(times, i);
  return finite(times.distribution->mean() * (factors / learners));
}

std::optional<Seconds> gradient_interval(const StragglerConfig& times, int learners) {
  if (times.slow_phases) return std::nullopt;
  double speeds = 0.0;
  for (int i = 0; i < learners; ++i) speeds += 1.0 / factor_of(times, i);
  return finite(times.distribution->mean() / speeds);
}

std::optional<Seconds> kth_finish(const StragglerConfig& times, int k, int learners) {
  if (times.slow_phases) return std::nullopt;
  if (are_equal(times, learners))
    return finite(factor_of(times, 0) * times.distribution->order_statistic_mean(k, learners));
  if (k < learners) return std::nullopt;
  return slowest_of_steps(times, 1, learners);
}

std::optional<Seconds> slowest_of_steps(const StragglerConfig& times, int steps, int learners) {
  const ComputeTime& time = *times.distribution;
  const std::optional<Seconds> mean = mean_time(times, learners);
  if (!mean) return std::nullopt;
  if (learners == 1) return *mean * steps;
  if (steps == 1 && are_equal(times, learners))
    return finite(factor_of(times, 0) * time.order_statistic_mean(learners, learners));
  std::vector<double> factors;
  for (int i = 0; i < learners; ++i) factors.push_back(factor_of(times, i));
  if (is_constant(times)) return time.mean() * steps * *std::max_element(factors.begin(), factors.end());
  if (!time.cv2() || !sum_cdf(time, steps, mean->value())) return std::nullopt;
  const auto not_all = [&](double t) {
    double all = 1.0, cdf = 0.0;
    for (std::size_t i = 0; i < factors.size(); ++i) {
      if (i == 0 || factors[i] != factors[i - 1]) cdf = *sum_cdf(time, steps, t / factors[i]);
      all *= cdf;
    }
    return 1.0 - all;
  };
  return integral(not_all, mean->value() * steps);
}

std::optional<Seconds> kth_batch(const StragglerConfig& times, int k, int learners) {
  const ComputeTime& time = *times.distribution;
  if (times.slow_phases || !are_equal(times, learners)) return std::nullopt;
  const double factor = factor_of(times, 0);
  if (learners == 1) return finite(time.mean() * factor * k);
  if (k == 1) return kth_finish(times, 1, learners);
  if (is_memoryless(times, learners)) return finite(time.mean() * factor * k / learners);
  if (is_constant(times)) return time.mean() * factor * ((k + learners - 1) / learners);
  if (k > kMostSummed || !finite(time.mean()) || !sum_cdf(time, 2, time.mean().value())) return std::nullopt;
  std::vector<double> power(static_cast<std::size_t>(k)), all(power.size()), next;
  const auto fewer_than_k = [&](double t) {
    power.assign(power.size(), 0.0);
    double at_least = 1.0;
    for (int n = 0; n < k && at_least > 0.0; ++n) {  // P(N = n) = P(N >= n) - P(N >= n + 1)
      const double more = *sum_cdf(time, n + 1, t / factor);
      power[static_cast<std::size_t>(n)] = at_least - more;
      at_least = more;
    }
    all.assign(all.size(), 0.0);
    all[0] = 1.0;
    for (int left = learners; left > 0; left /= 2) {  // 2^i learners together, for each binary digit of P
      if (left % 2 == 1) {
        add_counts(all, power, next);
        all.swap(next);
      }
      if (left == 1) break;
      add_counts(power, power, next);
      power.swap(next);
    }
    double sum = 0.0;
    for (const double p : all) sum += p;
    return sum;
  };
  return integral(fewer_than_k, time.mean().value() * factor * k / learners);
}

double best_averaging_period(const AveragingCosts& c) {
  const double eta_l = c.step_size * c.smoothness;
  return std::sqrt(2.0 * c.excess_loss * (c.averaging / c.budget) / (c.step_size * eta_l * eta_l * c.variance));
}

}  // namespace orrery::sync
