// Statistics of samples: running moments, quantiles, and confidence intervals. Used by the measuring rules of
// calibrate, by the reports of the simulated runs, and by the tests, whose statistical claims are intervals.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace orrery {

/// Count, mean, variance and extremes in one pass (Welford, Technometrics 4, 1962): no cancellation.
class RunningStats {
 public:
  void add(double x);
  void merge(const RunningStats& other);

  std::size_t count() const { return count_; }
  double mean() const { return mean_; }
  /// Unbiased (divided by n - 1); 0 with fewer than two samples.
  double variance() const { return count_ < 2 ? 0.0 : squares_ / static_cast<double>(count_ - 1); }
  double deviation() const;
  /// Standard deviation over mean; 0 when the mean is 0.
  double cv() const { return mean_ == 0.0 ? 0.0 : deviation() / mean_; }
  double min() const { return min_; }
  double max() const { return max_; }

 private:
  std::size_t count_ = 0;
  double mean_ = 0.0;
  double squares_ = 0.0;
  double min_ = 0.0;
  double max_ = 0.0;
};

/// Linear between order statistics (Hyndman and Fan's type 7). REQUIRES: sorted ascending, not empty, 0 <= p
/// <= 1.
double quantile_sorted(std::span<const double> sorted, double p);

/// The same of samples in any order; sorts its own copy.
double quantile(std::span<const double> samples, double p);
std::vector<double> quantiles(std::span<const double> samples, std::span<const double> probabilities);
double median(std::span<const double> samples);
/// Median of |x - median|; times 1.4826 it estimates the standard deviation of normal samples.
double median_absolute_deviation(std::span<const double> samples);

/// A confidence interval, centre +- half_width.
struct Interval {
  double centre = 0.0;
  double half_width = 0.0;

  double low() const { return centre - half_width; }
  double high() const { return centre + half_width; }
  bool contains(double x) const { return low() <= x && x <= high(); }
  /// half_width / |centre|; infinite at centre 0.
  double relative() const;
};

/// The t with P(T <= t) = p for Student's t with `dof` degrees of freedom. REQUIRES: 0 < p < 1, dof > 0.
double student_t_quantile(double p, double dof);

/// Interval of the mean of independent samples: mean +- t s / sqrt(n). REQUIRES: at least two samples.
Interval mean_interval(std::span<const double> samples, double confidence = 0.95);

/// Interval of the mean of a correlated series (the waiting times of one long run) by the method of batch
/// means: the series is cut into `batches` equal runs whose means are nearly independent; a rest at the end
/// is dropped. REQUIRES: batches >= 2, at least one value per batch; the caller removed the warm-up.
Interval batch_means_interval(std::span<const double> series, std::size_t batches, double confidence = 0.95);

/// Interval of the median from order statistics (binomial, no assumption on the distribution): the values of
/// rank n/2 -+ z sqrt(n)/2. The centre is the middle of the two ranks' values, not the median itself.
Interval median_interval(std::span<const double> samples, double confidence = 0.95);

}  // namespace orrery
