// The interpolated residual: right at its points, gone far from them, and honest about the difference.
#include "costmodel/residual.hpp"

#include <catch2/catch.hpp>

using namespace orrery;
using namespace orrery::cost;

namespace {

/// One point at x = 0 in one dimension with a log error of 0.2, influence up to distance 4.
Residual one_point() {
  Residual residual;
  residual.length = {4.0};
  residual.points = {0.0};
  residual.weights = {0.2};
  residual.held_out = {0.03};
  residual.low = {-1.0};
  residual.high = {1.0};
  residual.typical_error = 0.04;
  residual.prior_error = 0.3;
  residual.growth = 0.5;
  return residual;
}

Features at(double x) {
  Features features;
  features.add(x);
  return features;
}

}  // namespace

TEST_CASE("the covariance falls from 1 to exactly 0 at distance 1") {
  CHECK(wendland(0.0) == 1.0);
  CHECK(wendland(0.5) == Approx(4.5 / 128.0));
  CHECK(wendland(0.999) < 1e-12);
  CHECK(wendland(1.0) == 0.0);
  CHECK(wendland(7.0) == 0.0);
}

TEST_CASE("at a measured point the correction is whole, beyond its reach the white-box value stands") {
  const Residual residual = one_point();
  CHECK(residual.at(at(0.0)).log_correction == Approx(0.2));
  CHECK(residual.at(at(2.0)).log_correction == Approx(0.2 * 4.5 / 128.0));
  CHECK(residual.at(at(4.0)).log_correction == 0.0);
}

TEST_CASE("the error grows from the held-out error near points to the white box's and then with distance") {
  const Residual residual = one_point();
  const double near = residual.at(at(0.0)).error, inside = residual.at(at(0.9)).error;
  const double edge = residual.at(at(4.0)).error, far = residual.at(at(9.0)).error;
  CHECK(near > 0.03);
  CHECK(near < inside);
  CHECK(inside < edge);
  // 3 and 8 units outside: sqrt(0.3^2 + (0.5 d)^2).
  CHECK(edge == Approx(std::sqrt(0.09 + 2.25)));
  CHECK(far == Approx(std::sqrt(0.09 + 16.0)));
}

TEST_CASE("a factor of 1.4 beyond the measured range still counts as inside") {
  const Residual residual = one_point();
  CHECK(residual.at(at(1.3)).inside);
  CHECK_FALSE(residual.at(at(1.4)).inside);
  CHECK_FALSE(residual.at(at(-3.0)).inside);
}
