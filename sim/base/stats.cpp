#include "sim/base/stats.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/base/error.hpp"
#include "sim/base/portable_math.hpp"

namespace orrery {

void RunningStats::add(double x) {
  ++count_;
  const double delta = x - mean_;
  mean_ += delta / static_cast<double>(count_);
  squares_ += delta * (x - mean_);
  min_ = count_ == 1 ? x : std::min(min_, x);
  max_ = count_ == 1 ? x : std::max(max_, x);
}

void RunningStats::merge(const RunningStats& other) {
  if (other.count_ == 0) return;
  if (count_ == 0) {
    *this = other;
    return;
  }
  const auto n = static_cast<double>(count_);
  const auto m = static_cast<double>(other.count_);
  const double delta = other.mean_ - mean_;
  squares_ += other.squares_ + delta * delta * n * m / (n + m);
  mean_ += delta * m / (n + m);
  count_ += other.count_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

double RunningStats::deviation() const {
  return std::sqrt(variance());
}

double quantile_sorted(std::span<const double> sorted, double p) {
  SIM_ASSERT(!sorted.empty(), "a quantile needs at least one sample");
  SIM_ASSERT(p >= 0 && p <= 1, "a quantile's probability lies in [0, 1]");
  const double position = p * static_cast<double>(sorted.size() - 1);
  const auto i = static_cast<std::size_t>(position);
  if (i + 1 >= sorted.size()) return sorted.back();
  return sorted[i] + (position - static_cast<double>(i)) * (sorted[i + 1] - sorted[i]);
}

std::vector<double> quantiles(std::span<const double> samples, std::span<const double> probabilities) {
  std::vector<double> sorted(samples.begin(), samples.end());
  std::sort(sorted.begin(), sorted.end());
  std::vector<double> result;
  result.reserve(probabilities.size());
  for (double p : probabilities) result.push_back(quantile_sorted(sorted, p));
  return result;
}

double quantile(std::span<const double> samples, double p) {
  return quantiles(samples, std::span(&p, 1)).front();
}

double median(std::span<const double> samples) {
  return quantile(samples, 0.5);
}

double median_absolute_deviation(std::span<const double> samples) {
  const double centre = median(samples);
  std::vector<double> distances;
  distances.reserve(samples.size());
  for (double x : samples) distances.push_back(std::fabs(x - centre));
  return median(distances);
}

double Interval::relative() const {
  return centre == 0.0 ? std::numeric_limits<double>::infinity() : half_width / std::fabs(centre);
}

namespace {

/// Continued fraction of the incomplete beta function (DLMF 8.17.22), evaluated from the front by Lentz's
/// method.
double beta_fraction(double x, double a, double b) {
  constexpr double kTiny = 1e-300;
  double c = 1.0;
  double d = 1.0 / std::max(kTiny, 1.0 - (a + b) * x / (a + 1.0));
  double value = d;
  for (int m = 1; m <= 1000; ++m) {
    const double even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
    double step = 1.0;
    for (double coefficient : {even, odd}) {
      d = 1.0 + coefficient * d;
      d = 1.0 / (std::fabs(d) < kTiny ? kTiny : d);
      c = 1.0 + coefficient / c;
      if (std::fabs(c) < kTiny) c = kTiny;
      step = c * d;
      value *= step;
    }
    if (std::fabs(step - 1.0) < 1e-15) break;
  }
  return value;
}

/// ln Gamma by Stirling's series after shifting the argument above 15 (std::lgamma writes a global sign).
double log_gamma(double x) {
  double shift = 0.0;
  for (; x < 15.0; x += 1.0) shift -= std::log(x);
  const double i = 1.0 / (x * x);
  const double series = (1.0 / 12 - i * (1.0 / 360 - i * (1.0 / 1260 - i / 1680))) / x;
  return shift + (x - 0.5) * std::log(x) - x + 0.91893853320467274178 + series;
}

/// Regularised incomplete beta function I_x(a, b).
double incomplete_beta(double x, double a, double b) {
  if (x <= 0.0) return 0.0;
  if (x >= 1.0) return 1.0;
  const double front =
      std::exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * std::log(x) + b * std::log1p(-x));
  if (x < (a + 1.0) / (a + b + 2.0)) return front * beta_fraction(x, a, b) / a;
  return 1.0 - front * beta_fraction(1.0 - x, b, a) / b;
}

}  // namespace

double student_t_quantile(double p, double dof) {
  SIM_ASSERT(p > 0 && p < 1 && dof > 0, "Student's t needs 0 < p < 1 and positive degrees of freedom");
  if (p == 0.5) return 0.0;
  if (p < 0.5) return -student_t_quantile(1.0 - p, dof);
  // P(T > t) = I_x(dof/2, 1/2) / 2 with x = dof / (dof + t^2), falling in t: bracket, then bisect.
  const double tail = 1.0 - p;
  const auto above = [&](double t) {
    return 0.5 * incomplete_beta(dof / (dof + t * t), 0.5 * dof, 0.5) > tail;
  };
  double low = 0.0;
  double high = 1.0;
  while (above(high) && high < 1e150) high *= 2.0;
  for (int i = 0; i < 200 && high - low > 1e-13 * high; ++i) {
    const double middle = 0.5 * (low + high);
    (above(middle) ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

Interval mean_interval(std::span<const double> samples, double confidence) {
  SIM_ASSERT(samples.size() >= 2, "an interval of the mean needs at least two samples");
  RunningStats stats;
  for (double x : samples) stats.add(x);
  const auto n = static_cast<double>(samples.size());
  const double t = student_t_quantile(0.5 + 0.5 * confidence, n - 1.0);
  return Interval{stats.mean(), t * stats.deviation() / std::sqrt(n)};
}

Interval batch_means_interval(std::span<const double> series, std::size_t batches, double confidence) {
  SIM_ASSERT(batches >= 2 && series.size() >= batches, "batch means need two batches of at least one value");
  const std::size_t length = series.size() / batches;
  std::vector<double> means;
  for (std::size_t b = 0; b < batches; ++b) {
    RunningStats batch;
    for (double x : series.subspan(b * length, length)) batch.add(x);
    means.push_back(batch.mean());
  }
  return mean_interval(means, confidence);
}

Interval median_interval(std::span<const double> samples, double confidence) {
  SIM_ASSERT(!samples.empty(), "an interval of the median needs at least one sample");
  std::vector<double> sorted(samples.begin(), samples.end());
  std::sort(sorted.begin(), sorted.end());
  const auto n = static_cast<double>(sorted.size());
  const double reach = 0.5 * normal_quantile(0.5 + 0.5 * confidence) * std::sqrt(n);
  const double last = n - 1.0;
  const auto low = static_cast<std::size_t>(std::clamp(std::floor(0.5 * n - reach), 0.0, last));
  const auto high = static_cast<std::size_t>(std::clamp(std::ceil(0.5 * n + reach), 0.0, last));
  return Interval{0.5 * (sorted[low] + sorted[high]), 0.5 * (sorted[high] - sorted[low])};
}

}  // namespace orrery
