#include "sim/base/error_summary.hpp"

#include <catch2/catch.hpp>
#include <vector>

using namespace orrery;

// Sorted sizes 0.1 0.2 0.3 0.4: the median stands between the second and third, the 90th percentile (type 7) at position
// 0.9 * 3 = 2.7, 0.3 + 0.7 * 0.1. Signed: -0.4 -0.2 0.1 0.3, median (-0.2 + 0.1) / 2.
TEST_CASE("size of errors is folded without their sign and bias with it") {
  const ErrorSummary s = summarise_errors(std::vector<double>{0.1, -0.2, 0.3, -0.4});
  CHECK(s.count == 4);
  CHECK(s.median == Approx(0.25));
  CHECK(s.p90 == Approx(0.37));
  CHECK(s.bias == Approx(-0.05));
}

TEST_CASE("no errors give zeros") {
  const ErrorSummary s = summarise_errors({});
  CHECK(s.count == 0);
  CHECK(s.median == 0.0);
  CHECK(s.p90 == 0.0);
  CHECK(s.bias == 0.0);
}
