// Random numbers: counter-based streams addressed by (seed, name, index), and the distributions drawn from
// them. A new consumer never shifts another's numbers, compared scenarios share their draws, and any draw
// can be generated again by its counter. Every transform is ours, in portable arithmetic: same seed, same
// bits.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "sim/base/portable_math.hpp"

namespace orrery {

/// The one number from which all randomness of a run derives.
struct Seed {
  std::uint64_t value = 1;
};

/// A distribution given by its inverse CDF: linear between the given points.
class Empirical {
 public:
  /// The distribution of `samples` (any order): its quantile function runs linearly through the order
  /// statistics, from the smallest at p = 0 to the largest at p = 1. REQUIRES: at least one sample, all
  /// finite.
  static Empirical from_samples(std::span<const double> samples);

  /// Points (probability, value). REQUIRES: equal sizes >= 1, both ascending, probabilities in [0, 1]. Below
  /// the first and above the last probability the end values are held.
  static Empirical from_quantiles(std::span<const double> probabilities, std::span<const double> values);

  double quantile(double p) const;
  double mean() const;

 private:
  std::vector<double> probabilities_;
  std::vector<double> values_;
};

/// An independent stream of random numbers; a value of three words, copied freely (a copy replays the same
/// draws).
///
/// The i-th word is mix(mix(key0 + i * phi) ^ key1) with two 64-bit finalisers (SplitMix64's and a stronger
/// one by the same scheme): 128 key bits, so that two streams do not become shifted copies of one sequence.
class RngStream {
 public:
  RngStream(std::uint64_t key0, std::uint64_t key1) : key0_(key0), key1_(key1) {}

  /// The word at `counter`, whatever was drawn before.
  std::uint64_t at(std::uint64_t counter) const {
    std::uint64_t z = key0_ + counter * 0x9E3779B97F4A7C15ULL;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) ^ key1_;
    z = (z ^ (z >> 32)) * 0xD6E8FEB86659FD93ULL;
    z = (z ^ (z >> 32)) * 0xD6E8FEB86659FD93ULL;
    return z ^ (z >> 32);
  }
  std::uint64_t next() { return at(counter_++); }

  /// How many words were drawn; every transform but gamma and zipf (rejection) takes exactly one.
  std::uint64_t position() const { return counter_; }
  void seek(std::uint64_t counter) { counter_ = counter; }

  /// [0, 1), a multiple of 2^-53.
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  /// (0, 1), odd multiples of 2^-54: safe under a logarithm and symmetric about 1/2.
  double open_uniform() { return (static_cast<double>(next() >> 11) + 0.5) * 0x1.0p-53; }
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// 0 .. bound-1 without bias. REQUIRES: bound > 0.
  std::uint64_t below(std::uint64_t bound);
  bool bernoulli(double p) { return uniform() < p; }

  double exponential(double mean) { return -mean * portable_log(open_uniform()); }
  /// shift + exponential: the straggler model; its mean is shift + mean_excess.
  double shifted_exponential(double shift, double mean_excess) { return shift + exponential(mean_excess); }
  double normal(double mean = 0.0, double deviation = 1.0) {
    return mean + deviation * normal_quantile(open_uniform());
  }
  /// exp(normal(mu, sigma)): median e^mu, mean e^(mu + sigma^2/2).
  double lognormal(double mu, double sigma) { return portable_exp(normal(mu, sigma)); }
  /// Lognormal with given mean and squared coefficient of variation: sigma^2 = ln(1 + cv2).
  double lognormal_mean_cv2(double mean, double cv2);
  /// Mean shape * scale. REQUIRES: shape > 0.
  double gamma(double shape, double scale);
  /// P(X > x) = (minimum / x)^shape for x >= minimum; mean shape * minimum / (shape - 1) when shape > 1.
  double pareto(double minimum, double shape);
  /// 1 .. n with P(k) proportional to k^-exponent. REQUIRES: n >= 1, exponent >= 0.
  std::uint64_t zipf(std::uint64_t n, double exponent);
  double empirical(const Empirical& distribution) { return distribution.quantile(open_uniform()); }

 private:
  std::uint64_t key0_;
  std::uint64_t key1_;
  std::uint64_t counter_ = 0;
};

/// The stream of that name and index; streams of different seed, name or index are independent.
RngStream stream(Seed seed, std::string_view name, std::uint64_t index = 0);

}  // namespace orrery
