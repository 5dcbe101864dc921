// How noisy gradients are against their size, which decides how large a mini-batch still pays. Two definitions: the
// noise scale of Smith and Le (2017), from learning rate and batch alone, and the simple noise scale of McCandlish et
// al. (arXiv 1812.06162), tr(Sigma) / |G|^2 with Sigma the covariance of one sample's gradient, measured.
#pragma once

#include <cstdint>

#include "workloads/learn/problem.hpp"

namespace orrery::learn {

/// g = eps (N / B - 1), the size of SGD's random fluctuations (Smith and Le 2017).
double smith_noise_scale(double learning_rate, double samples, double batch);

/// Updates to a target at batch size B: S = S_min (1 + B_noise / B).
double updates_to_target(double fewest_updates, double noise_batch, double batch);
/// Samples seen until then: E = B S.
double samples_to_target(double fewest_updates, double noise_batch, double batch);

/// Squared norm of the true gradient and trace of the covariance of one sample's gradient.
struct GradientNoise {
  double squared_gradient = 0.0;
  double variance = 0.0;
  double batch() const { return variance / squared_gradient; }  ///< B_simple
};

/// Mean squared norm of gradients of that batch size.
struct SquaredNorm {
  double batch = 0.0;
  double mean = 0.0;
};
/// Unbiased, since E|G_B|^2 = |G|^2 + tr(Sigma) / B. REQUIRES: two different batch sizes.
GradientNoise gradient_noise(SquaredNorm small, SquaredNorm large);

/// The same from `repeats` gradients of either batch size at `at`.
GradientNoise measure_noise(Objective& objective, const Vector& at, std::int64_t small, std::int64_t large, int repeats,
                            RngStream& draws);

}  // namespace orrery::learn
