// A moment finer than the clock. Events happen at whole nanoseconds; `rest` is by how much the exact moment is later, in
// units of 2^-20 ns. Whoever goes on from an event may go on from the exact moment, so that what was rounded is not lost
// again and again: the 2,046 steps of 20,031.25 ns of a ring of 1,024 ranks take 40,983,937.5 ns, not 511.5 ns less.
//
// Integers, so that sums do not depend on the last digits of a double and equal moments are equal.
#pragma once

#include <compare>
#include <cstdint>

#include "sim/base/units.hpp"

namespace orrery::net {

struct ExactTime {
  SimTime time;
  std::int32_t rest = 0;  ///< -2^19 <= rest < 2^19: half a nanosecond either way

  constexpr auto operator<=>(const ExactTime&) const = default;
  constexpr Seconds seconds() const { return time.seconds() + rest_seconds(); }
  constexpr Seconds rest_seconds() const { return Seconds(1e-9 / kUnit * rest); }

  /// REQUIRES: duration not negative. A sum beyond the range of the clock is its end.
  friend constexpr ExactTime operator+(ExactTime moment, Seconds duration) {
    constexpr double kLongest = 9e18;
    const double ns = duration.value() * 1e9;
    if (!(ns < kLongest - static_cast<double>(moment.time.ns))) return {SimTime::max(), 0};
    const auto whole = static_cast<std::int64_t>(ns);
    ExactTime sum{SimTime{moment.time.ns + whole},
                  moment.rest + static_cast<std::int32_t>((ns - static_cast<double>(whole)) * kUnit + 0.5)};
    while (sum.rest >= kUnit / 2) {
      sum.rest -= kUnit;
      ++sum.time.ns;
    }
    return sum;
  }

 private:
  static constexpr std::int32_t kUnit = 1 << 20;
};

}  // namespace orrery::net
