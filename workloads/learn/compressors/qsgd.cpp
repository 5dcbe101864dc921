// QSGD (Alistarh et al. 2017): each number becomes one of the levels 0, 1/s .. 1 of its bucket's norm, with its sign,
// rounded up or down at random so that the expectation is right. E|C(x) - x|^2 = (|x| / s)^2 sum f (1 - f) with f the
// fraction of s |x_i| / |x|, at most min(d / s^2, sqrt(d) / s) |x|^2 in a bucket of d numbers. Encoding: the bucket's
// norm (4 bytes), then the 2 s + 1 values in as many bits as they need (the paper's Elias code needs fewer where most
// are 0).
#include <algorithm>
#include <bit>
#include <cmath>

#include "workloads/learn/compressor.hpp"
#include "workloads/learn/compressors/parts.hpp"

namespace orrery::learn {
namespace {

struct QsgdConfig {
  int levels = 4;
  std::int64_t bucket = 512;
};
template <class V>
void fields(V& v, QsgdConfig& c) {
  v("levels", c.levels, "s: levels above 0", between(1, 1 << 20));
  v("bucket", c.bucket, "numbers that share a norm; 0: the whole gradient", at_least(0));
}

class Qsgd final : public Configured<Compressor, Qsgd, QsgdConfig> {
 public:
  void apply(Vector& gradient, RngStream& draws) override {
    const std::int64_t n = gradient.size();
    const Buckets buckets(config().bucket, n);
    for (std::int64_t first = 0; first < n; first += buckets.size) {
      auto part = gradient.segment(first, std::min(buckets.size, n - first));
      const auto norm = static_cast<float>(std::sqrt(part.cast<double>().squaredNorm()));
      const auto levels = static_cast<float>(config().levels);
      const float to_level = levels / norm, from_level = norm / levels;
      // Nothing to round, a norm so small that its levels are no numbers, or a run that diverges.
      if (!(std::isfinite(to_level) && std::isfinite(norm))) continue;
      for (float& x : part) {
        const float scaled = std::fabs(x) * to_level;
        const auto below = static_cast<float>(static_cast<std::int32_t>(scaled));
        const auto uniform = static_cast<float>(draws.next() >> 40U) * 0x1.0p-24F;
        x = std::copysign((below + (uniform < scaled - below ? 1.0F : 0.0F)) * from_level, x);
      }
    }
  }
  Bytes size(std::int64_t numbers) const override {
    const auto bits = static_cast<double>(std::bit_width(static_cast<unsigned>(2 * config().levels)));
    const auto norms = static_cast<double>(Buckets(config().bucket, numbers).count);
    return Bytes(4.0 * norms + std::ceil(static_cast<double>(numbers) * bits / 8.0));
  }
  std::optional<double> variance(std::int64_t numbers) const override {
    const auto d = static_cast<double>(Buckets(config().bucket, numbers).size);
    const double s = config().levels;
    return std::min(d / (s * s), std::sqrt(d) / s);
  }
};

const bool registered =
    Compressor::registry().add<Qsgd>("qsgd", "random rounding to a few levels of the norm; unbiased");

}  // namespace
}  // namespace orrery::learn
