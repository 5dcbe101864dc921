// Special functions of the distributions' closed forms, in double precision on every platform. Draws never use them:
// they go through the portable transforms of sim/base/rng.hpp.
#pragma once

namespace orrery::straggler {

/// H_n - H_m = 1/(m+1) + ... + 1/n. REQUIRES: 0 <= m <= n.
double harmonic_difference(int n, int m);

/// ln B(a, b). REQUIRES: a, b > 0.
double log_beta(double a, double b);

/// Regularised incomplete gamma function P(a, x) = P(X <= x) for X gamma distributed with shape a and scale 1; 0 for
/// x <= 0. With integer a: the Erlang distribution.
double gamma_cdf(double a, double x);
double gamma_quantile(double a, double p);        ///< x with P(a, x) = p. REQUIRES: 0 < p < 1
double gamma_upper_quantile(double a, double q);  ///< x with 1 - P(a, x) = q. REQUIRES: 0 < q < 1

/// Regularised incomplete beta function I_u(a, b) = P(U_{a:a+b-1} <= u), U uniform. REQUIRES: 0 <= u <= 1.
double beta_cdf(double a, double b, double u);

double digamma(double x);  ///< d/dx ln Gamma(x). REQUIRES: x > 0
double trigamma(double x);
double log_gamma(double x);  ///< REQUIRES: x > 0

}  // namespace orrery::straggler
