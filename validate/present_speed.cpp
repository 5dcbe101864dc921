#include "validate/present_speed.hpp"

#include <cmath>
#include <string_view>

namespace orrery::validate {
namespace {

double lasting_ratio(double measured, const cost::Profile& profile, std::string_view aspect) {
  for (const cost::Anchor& anchor : profile.anchors) {
    if (anchor.aspect != aspect) continue;
    const double drift = kSlowDrift * kSlowDrift;
    return std::exp(std::log(measured) * drift / (drift + anchor.spread * anchor.spread));
  }
  return measured;
}

}  // namespace

cost::SpeedRatios lasting_part(const cost::SpeedRatios& measured, const cost::Profile& profile) {
  return {lasting_ratio(measured.compute, profile, "compute"),
          lasting_ratio(measured.memory, profile, "memory"), lasting_ratio(measured.small, profile, "small"),
          lasting_ratio(measured.communication, profile, "communication")};
}

}  // namespace orrery::validate
