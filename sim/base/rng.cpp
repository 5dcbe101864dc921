#include "sim/base/rng.hpp"

#include <algorithm>
#include <cmath>

#include "sim/base/error.hpp"

namespace orrery {

namespace {

std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

/// (e^x - 1) / x and ln(1 + x) / x, by series near 0 where the direct forms cancel.
double expm1_over_x(double x) {
  if (std::fabs(x) > 1e-3) return (portable_exp(x) - 1.0) / x;
  return 1.0 + x * 0.5 * (1.0 + x / 3.0 * (1.0 + x * 0.25 * (1.0 + x * 0.2)));
}
double log1p_over_x(double x) {
  if (std::fabs(x) > 1e-3) return portable_log(1.0 + x) / x;
  return 1.0 - x * (0.5 - x * (1.0 / 3.0 - x * (0.25 - x * (0.2 - x / 6.0))));
}

/// Hoermann and Derflinger, "Rejection-inversion to generate variates from monotone discrete distributions",
/// ACM TOMACS 6 (1996): h(x) = x^-s is integrated to H, drawn by H^-1 and rejected where the histogram lies
/// above.
struct ZipfHat {
  double s;
  double density(double x) const { return portable_exp(-s * portable_log(x)); }
  double integral(double x) const {
    const double log_x = portable_log(x);
    return expm1_over_x((1.0 - s) * log_x) * log_x;
  }
  double inverse(double y) const {
    const double t = std::max(-1.0 + 0x1.0p-52, y * (1.0 - s));
    return portable_exp(log1p_over_x(t) * y);
  }
};

}  // namespace

RngStream stream(Seed seed, std::string_view name, std::uint64_t index) {
  std::uint64_t hash = 0xCBF29CE484222325ULL;  // FNV-1a, 64 bits
  for (char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  const std::uint64_t named = mix(seed.value + 0x9E3779B97F4A7C15ULL) ^ mix(hash + name.size());
  const std::uint64_t key0 = mix(named + mix(index ^ 0x2545F4914F6CDD1DULL));
  return RngStream(key0, mix(key0 ^ mix(named ^ (index * 0xD1342543DE82EF95ULL + 1))));
}

std::uint64_t RngStream::below(std::uint64_t bound) {
  SIM_ASSERT(bound > 0, "a random index needs a range of at least one");
  const std::uint64_t reject_below =
      (0 - bound) % bound;  // 2^64 mod bound: the words that would favour small results
  for (;;) {
    const std::uint64_t word = next();
    if (word >= reject_below) return word % bound;
  }
}

double RngStream::lognormal_mean_cv2(double mean, double cv2) {
  const double variance = portable_log(1.0 + cv2);
  return mean * portable_exp(normal(-0.5 * variance, std::sqrt(variance)));
}

// Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS 26 (2000); shape < 1 by the
// identity Gamma(a) = Gamma(a + 1) U^(1/a).
double RngStream::gamma(double shape, double scale) {
  SIM_ASSERT(shape > 0, "a gamma distribution has a positive shape");
  if (shape < 1.0) {
    const double boost = portable_exp(portable_log(open_uniform()) / shape);
    return boost * gamma(shape + 1.0, scale);
  }
  const double d = shape - 1.0 / 3.0;
  const double c = 1.0 / std::sqrt(9.0 * d);
  for (;;) {
    const double x = normal();
    const double t = 1.0 + c * x;
    if (t <= 0) continue;
    const double v = t * t * t;
    if (portable_log(open_uniform()) < 0.5 * x * x + d - d * v + d * portable_log(v)) return d * v * scale;
  }
}

double RngStream::pareto(double minimum, double shape) {
  return minimum * portable_exp(-portable_log(open_uniform()) / shape);
}

std::uint64_t RngStream::zipf(std::uint64_t n, double exponent) {
  SIM_ASSERT(n >= 1 && exponent >= 0, "a Zipf distribution needs n >= 1 and an exponent >= 0");
  const ZipfHat hat{exponent};
  const double top = hat.integral(static_cast<double>(n) + 0.5);
  const double bottom = hat.integral(1.5) - 1.0;
  for (;;) {
    const double u = top + open_uniform() * (bottom - top);
    const double x = hat.inverse(u);
    const double k = std::clamp(std::floor(x + 0.5), 1.0, static_cast<double>(n));
    if (u >= hat.integral(k + 0.5) - hat.density(k)) return static_cast<std::uint64_t>(k);
  }
}

Empirical Empirical::from_samples(std::span<const double> samples) {
  SIM_ASSERT(!samples.empty(), "an empirical distribution needs at least one sample");
  Empirical result;
  result.values_.assign(samples.begin(), samples.end());
  std::sort(result.values_.begin(), result.values_.end());
  const double last = std::max<double>(1.0, static_cast<double>(samples.size() - 1));
  for (std::size_t i = 0; i < samples.size(); ++i)
    result.probabilities_.push_back(static_cast<double>(i) / last);
  return result;
}

Empirical Empirical::from_quantiles(std::span<const double> probabilities, std::span<const double> values) {
  SIM_ASSERT(!values.empty() && probabilities.size() == values.size(),
             "quantiles come in pairs, at least one");
  SIM_ASSERT(std::is_sorted(probabilities.begin(), probabilities.end()), "probabilities ascend");
  SIM_ASSERT(std::is_sorted(values.begin(), values.end()), "quantiles ascend with their probabilities");
  SIM_ASSERT(probabilities.front() >= 0 && probabilities.back() <= 1, "probabilities lie in [0, 1]");
  Empirical result;
  result.probabilities_.assign(probabilities.begin(), probabilities.end());
  result.values_.assign(values.begin(), values.end());
  return result;
}

double Empirical::quantile(double p) const {
  if (p <= probabilities_.front()) return values_.front();
  if (p >= probabilities_.back()) return values_.back();
  const auto above = std::upper_bound(probabilities_.begin(), probabilities_.end(), p);
  const auto i = static_cast<std::size_t>(above - probabilities_.begin());
  const double fraction = (p - probabilities_[i - 1]) / (probabilities_[i] - probabilities_[i - 1]);
  return values_[i - 1] + fraction * (values_[i] - values_[i - 1]);
}

double Empirical::mean() const {
  double sum = probabilities_.front() * values_.front() + (1.0 - probabilities_.back()) * values_.back();
  for (std::size_t i = 1; i < values_.size(); ++i) {
    sum += (probabilities_[i] - probabilities_[i - 1]) * 0.5 * (values_[i] + values_[i - 1]);
  }
  return sum;
}

}  // namespace orrery
