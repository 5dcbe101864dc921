// Units that cannot be mixed: seconds, bytes, floating-point operations and their quotients as types, simulated
// time as an integer count of nanoseconds. A Quantity is one double; products and quotients derive their type, a
// ratio of equal units is a plain double, and Seconds + Bytes does not compile. GB is 10^9 bytes, GiB is 2^30.
#pragma once

#include <cmath>
#include <compare>
#include <cstdint>

namespace orrery {

/// A physical amount with exponents of time, data and work known to the compiler. Values are in SI base units
/// (s, B, FLOP). `value()` is the only way out to a plain number.
template <int Time, int Data, int Work>
class Quantity {
 public:
  constexpr Quantity() = default;
  constexpr explicit Quantity(double value) : value_(value) {}
  constexpr double value() const { return value_; }

  constexpr Quantity& operator+=(Quantity other) { value_ += other.value_; return *this; }
  constexpr Quantity& operator-=(Quantity other) { value_ -= other.value_; return *this; }
  constexpr Quantity& operator*=(double factor) { value_ *= factor; return *this; }
  constexpr auto operator<=>(const Quantity&) const = default;

  friend constexpr Quantity operator+(Quantity a, Quantity b) { return Quantity(a.value_ + b.value_); }
  friend constexpr Quantity operator-(Quantity a, Quantity b) { return Quantity(a.value_ - b.value_); }
  friend constexpr Quantity operator-(Quantity a) { return Quantity(-a.value_); }
  friend constexpr Quantity operator*(Quantity a, double b) { return Quantity(a.value_ * b); }
  friend constexpr Quantity operator*(double a, Quantity b) { return Quantity(a * b.value_); }
  friend constexpr Quantity operator/(Quantity a, double b) { return Quantity(a.value_ / b); }

 private:
  double value_ = 0.0;
};

template <int T1, int D1, int W1, int T2, int D2, int W2>
constexpr auto operator*(Quantity<T1, D1, W1> a, Quantity<T2, D2, W2> b) {
  if constexpr (T1 + T2 == 0 && D1 + D2 == 0 && W1 + W2 == 0) {
    return a.value() * b.value();
  } else {
    return Quantity<T1 + T2, D1 + D2, W1 + W2>(a.value() * b.value());
  }
}

template <int T1, int D1, int W1, int T2, int D2, int W2>
constexpr auto operator/(Quantity<T1, D1, W1> a, Quantity<T2, D2, W2> b) {
  if constexpr (T1 == T2 && D1 == D2 && W1 == W2) {
    return a.value() / b.value();
  } else {
    return Quantity<T1 - T2, D1 - D2, W1 - W2>(a.value() / b.value());
  }
}

using Seconds = Quantity<1, 0, 0>;
using Bytes = Quantity<0, 1, 0>;
using Flops = Quantity<0, 0, 1>;
using BytesPerSec = Quantity<-1, 1, 0>;
using FlopsPerSec = Quantity<-1, 0, 1>;
using SecondsPerByte = Quantity<1, -1, 0>;
using SecondsPerFlop = Quantity<1, 0, -1>;

/// A moment of simulated time, in integer nanoseconds since the start of the run (292 years of range).
/// `SimTime + Seconds` is the only place where a duration is rounded (to the nearest nanosecond).
struct SimTime {
  std::int64_t ns = 0;

  constexpr auto operator<=>(const SimTime&) const = default;
  constexpr Seconds seconds() const { return Seconds(static_cast<double>(ns) * 1e-9); }
  static constexpr SimTime max() { return SimTime{INT64_MAX}; }

  friend SimTime operator+(SimTime moment, Seconds duration) {
    return SimTime{moment.ns + std::llround(duration.value() * 1e9)};
  }
  friend constexpr Seconds operator-(SimTime later, SimTime earlier) {
    return Seconds(static_cast<double>(later.ns - earlier.ns) * 1e-9);
  }
};

namespace literals {
constexpr Seconds operator""_s(long double v) { return Seconds(static_cast<double>(v)); }
constexpr Seconds operator""_s(unsigned long long v) { return Seconds(static_cast<double>(v)); }
constexpr Seconds operator""_ms(long double v) { return Seconds(static_cast<double>(v) * 1e-3); }
constexpr Seconds operator""_ms(unsigned long long v) { return Seconds(static_cast<double>(v) * 1e-3); }
constexpr Seconds operator""_us(long double v) { return Seconds(static_cast<double>(v) * 1e-6); }
constexpr Seconds operator""_us(unsigned long long v) { return Seconds(static_cast<double>(v) * 1e-6); }
constexpr Seconds operator""_ns(unsigned long long v) { return Seconds(static_cast<double>(v) * 1e-9); }
constexpr Bytes operator""_B(unsigned long long v) { return Bytes(static_cast<double>(v)); }
constexpr Bytes operator""_KiB(unsigned long long v) { return Bytes(static_cast<double>(v) * 1024.0); }
constexpr Bytes operator""_MiB(unsigned long long v) { return Bytes(static_cast<double>(v) * 1048576.0); }
constexpr Bytes operator""_GiB(unsigned long long v) { return Bytes(static_cast<double>(v) * 1073741824.0); }
constexpr Bytes operator""_GB(unsigned long long v) { return Bytes(static_cast<double>(v) * 1e9); }
constexpr BytesPerSec operator""_GBps(long double v) { return BytesPerSec(static_cast<double>(v) * 1e9); }
constexpr BytesPerSec operator""_GBps(unsigned long long v) { return BytesPerSec(static_cast<double>(v) * 1e9); }
constexpr FlopsPerSec operator""_TFLOPs(long double v) { return FlopsPerSec(static_cast<double>(v) * 1e12); }
}  // namespace literals

}  // namespace orrery
