// How long a learner needs for a mini-batch when that is random: distributions by name. Each is one file in
// workloads/straggler/distributions with its configuration, registered there. `orrery list compute_times` prints them.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "sim/base/registered.hpp"
#include "sim/base/rng.hpp"
#include "sim/base/units.hpp"

namespace orrery::straggler {

class ComputeTime {
 public:
  virtual ~ComputeTime() = default;
  virtual std::unique_ptr<ComputeTime> clone() const = 0;
  virtual void visit(FieldVisitor& v) = 0;

  /// What is wrong with the parameters taken together; nothing when they describe a distribution of times > 0.
  virtual std::optional<std::string> refusal() const { return std::nullopt; }
  virtual Seconds sample(RngStream& draws) const = 0;
  virtual double cdf(Seconds t) const = 0;
  virtual Seconds quantile(double p) const = 0;  ///< REQUIRES: 0 < p < 1
  /// The time that is exceeded with probability q: quantile(1 - q), but exact also where 1 - q rounds to 1. By default
  /// it is not (q below 2^-53 counts as 2^-53). REQUIRES: 0 < q < 1
  virtual Seconds upper_quantile(double q) const;
  virtual Seconds mean() const = 0;              ///< infinite where there is none (Pareto with shape <= 1)
  virtual std::optional<double> cv2() const = 0; ///< variance over squared mean; nothing where it is infinite
  /// Whether what is left of a time that is not over is distributed as a whole one (exponential alone).
  virtual bool is_memoryless() const { return false; }
  /// Mean of the k-th smallest of n independent times, 1 <= k <= n. By default integrated numerically from the quantile
  /// function: int_0^1 Q(u) Beta(u; k, n-k+1) du (David and Nagaraja 2003); closed forms override it.
  virtual Seconds order_statistic_mean(int k, int n) const;

  /// P(the sum of n independent times <= t) where it has a closed form (exponential, shifted exponential, gamma,
  /// constant).
  virtual std::optional<double> sum_cdf(int n, Seconds t) const;

  /// ln of the probability density at t, per second; minus infinity where it is 0. REQUIRES: fit() can set parameters.
  virtual double log_density(Seconds t) const;
  /// Sets the parameters to the most likely ones for these independent times (fit.hpp compares families). Returns how
  /// many it has set; 0, with the parameters as they were, where the family has no density or cannot describe the
  /// times. REQUIRES: at least two times, all > 0, ascending.
  virtual int fit(std::span<const Seconds> times);

  static Registry<ComputeTime>& registry();
};

}  // namespace orrery::straggler
