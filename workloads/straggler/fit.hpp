// From measured times of mini-batches to a distribution: every family of the registry that can be fitted, by maximum
// likelihood, ranked by Akaike's criterion; or the measured times as they are. And from a job's workers to a whole
// StragglerConfig: lasting factors, and the distribution of what is left.
#pragma once

#include <span>
#include <vector>

#include "workloads/straggler/compute_times.hpp"
#include "workloads/straggler/measured_times.hpp"

namespace orrery::straggler {

struct Fit {
  Registered<ComputeTime> distribution;  ///< its name is the family
  int parameters = 0;
  double log_likelihood = 0.0;  ///< natural logarithm of the density of all times, per second
  double aic = 0.0;             ///< 2 parameters - 2 log_likelihood (Akaike 1974): the smaller, the better
  double ks_distance = 0.0;     ///< largest |F - share of measured times| (Kolmogorov and Smirnov): how good it is
};

/// Families that can describe the times, the best first; empty when none can (all times equal). The times count as
/// independent. REQUIRES: at least two times, all > 0.
std::vector<Fit> fit_families(std::span<const Seconds> times);

/// Largest distance between the distribution and the steps of the measured times.
double ks_distance(const ComputeTime& distribution, std::span<const Seconds> times);

/// The measured times as a distribution. REQUIRES: at least one time, all > 0.
Registered<ComputeTime> empirical_of(std::span<const Seconds> times);

/// Each worker's median over the median of all. REQUIRES: every worker has times, all > 0.
std::vector<double> worker_factors(const MeasuredJob& job);

/// The job as simulated learners: its factors, and the best family for the times divided by them, the empirical
/// distribution where no family fits. Slow phases are not looked for. REQUIRES: as worker_factors.
StragglerConfig stragglers_of(const MeasuredJob& job);

}  // namespace orrery::straggler
