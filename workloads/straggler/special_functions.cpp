#include "workloads/straggler/special_functions.hpp"

#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/special_functions/trigamma.hpp>

namespace orrery::straggler {

namespace {

namespace policies = boost::math::policies;

/// Without long double, whose width depends on the platform; what overflows is infinite and does not throw.
using InDouble = policies::policy<policies::promote_double<false>, policies::overflow_error<policies::ignore_error>,
                                  policies::underflow_error<policies::ignore_error>>;
constexpr InDouble kInDouble{};

}  // namespace

double harmonic_difference(int n, int m) {
  double sum = 0.0;
  for (int j = n; j > m; --j) sum += 1.0 / j;  // small terms first
  return sum;
}

double log_beta(double a, double b) {
  return log_gamma(a) + log_gamma(b) - log_gamma(a + b);
}

double gamma_cdf(double a, double x) {
  return x <= 0.0 ? 0.0 : boost::math::gamma_p(a, x, kInDouble);
}

double gamma_quantile(double a, double p) {
  return boost::math::gamma_p_inv(a, p, kInDouble);
}

double gamma_upper_quantile(double a, double q) {
  return boost::math::gamma_q_inv(a, q, kInDouble);
}

double beta_cdf(double a, double b, double u) {
  return boost::math::ibeta(a, b, u, kInDouble);
}

double digamma(double x) {
  return boost::math::digamma(x, kInDouble);
}

double trigamma(double x) {
  return boost::math::trigamma(x, kInDouble);
}

double log_gamma(double x) {
  return boost::math::lgamma(x, kInDouble);
}

}  // namespace orrery::straggler
