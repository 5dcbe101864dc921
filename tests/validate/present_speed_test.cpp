#include "validate/present_speed.hpp"

#include <catch2/catch.hpp>
#include <cmath>

namespace orrery::validate {
namespace {

TEST_CASE("a steady anchor's present speed is believed, a jumping one's is not") {
  // Weight d^2 / (d^2 + s^2) with d = 0.05: s = 0 gives 1, s = 0.05 gives 1/2, s = 0.15 gives 1/10.
  cost::Profile profile;
  for (const auto& [aspect, spread] :
       {std::pair("compute", 0.0), {"memory", 0.05}, {"communication", 0.15}}) {
    cost::Anchor anchor;
    anchor.aspect = aspect;
    anchor.spread = spread;
    profile.anchors.push_back(anchor);
  }
  const cost::SpeedRatios lasting = lasting_part({1.1, 1.21, 1.3, 0.3}, profile);
  REQUIRE(lasting.compute == Approx(1.1));
  REQUIRE(lasting.memory == Approx(1.1));                        // sqrt(1.21)
  REQUIRE(lasting.small == Approx(1.3));                         // the profile knows no spread for it
  REQUIRE(lasting.communication == Approx(std::pow(0.3, 0.1)));  // 0.887
}

}  // namespace
}  // namespace orrery::validate
