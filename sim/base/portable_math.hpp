// Logarithm, exponential and normal quantile written with IEEE additions, multiplications, divisions and
// square roots only, so that every random number of the program has the same bits on every machine. The C
// library picks other code (with or without fused multiply-add) by processor, and other C libraries differ in
// the last bit.
#pragma once

#include <bit>
#include <cstdint>

namespace orrery {

/// Natural logarithm, within 2 ulp. REQUIRES: x > 0, normal and finite (no subnormals: callers pass
/// probabilities of at least 2^-64).
///
/// x = m 2^e with m in [sqrt(1/2), sqrt(2)), s = (m - 1) / (m + 1), ln m = 2 atanh(s) = 2 (s + s^3/3 + s^5/5
/// + ...). |s| <= 0.1716, so the terms up to s^21 reach double precision.
inline double portable_log(double x) {
  constexpr std::uint64_t kSqrtHalfBits = 0x3FE6A09E667F3BCDULL;  // bits of sqrt(1/2)
  const auto bits = std::bit_cast<std::uint64_t>(x);
  const auto exponent = static_cast<std::int64_t>(bits - kSqrtHalfBits) >> 52;
  const double m = std::bit_cast<double>(bits - (static_cast<std::uint64_t>(exponent) << 52));
  const double s = (m - 1.0) / (m + 1.0);
  const double z = s * s;
  const double z2 = z * z;
  const double z4 = z2 * z2;
  // sum over k >= 1 of z^k / (2k + 1), grouped in pairs so that the processor can work on them side by side
  const double low = (1.0 / 3 + z * (1.0 / 5)) + z2 * (1.0 / 7 + z * (1.0 / 9));
  const double mid = (1.0 / 11 + z * (1.0 / 13)) + z2 * (1.0 / 15 + z * (1.0 / 17));
  const double high = 1.0 / 19 + z * (1.0 / 21);
  const double series = z * (low + z4 * (mid + z4 * high));
  constexpr double kLn2High = 6.93147180369123816490e-01;  // 32 leading bits: exponent * kLn2High is exact
  constexpr double kLn2Low = 1.90821492927058770002e-10;
  const auto e = static_cast<double>(exponent);
  return e * kLn2High + (2.0 * s + (2.0 * s * series + e * kLn2Low));
}

/// e^x, within 2 ulp; 0 below -708 and infinity above 709.
double portable_exp(double x);

/// The x with P(Z <= x) = p for a standard normal Z, relative error about 1e-15. REQUIRES: 0 < p < 1.
double normal_quantile(double p);

}  // namespace orrery
