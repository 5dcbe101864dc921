// 1-bit SGD (Seide et al. 2014): one bit per number says whether it is negative; it arrives as the mean of the numbers
// of its kind, which is the closest that one bit can be. Biased, and made for error feedback. Encoding: the two means
// of each bucket (8 bytes), then a bit per number.
#include <algorithm>
#include <cmath>

#include "workloads/learn/compressor.hpp"
#include "workloads/learn/compressors/parts.hpp"

namespace orrery::learn {
namespace {

struct OneBitConfig {
  std::int64_t bucket = 512;
};
template <class V>
void fields(V& v, OneBitConfig& c) {
  v("bucket", c.bucket, "numbers that share the two means; 0: the whole gradient", at_least(0));
}

class OneBit final : public Configured<Compressor, OneBit, OneBitConfig> {
 public:
  void apply(Vector& gradient, RngStream&) override {
    const std::int64_t n = gradient.size();
    const Buckets buckets(config().bucket, n);
    for (std::int64_t first = 0; first < n; first += buckets.size) {
      auto part = gradient.segment(first, std::min(buckets.size, n - first));
      double sums[2] = {0.0, 0.0};
      std::int64_t counts[2] = {0, 0};
      for (const float x : part) {
        const int kind = x < 0.0F ? 1 : 0;
        sums[kind] += static_cast<double>(x);
        ++counts[kind];
      }
      const auto mean = [&](int kind) {
        return static_cast<float>(sums[kind] / static_cast<double>(std::max<std::int64_t>(1, counts[kind])));
      };
      const float positive = mean(0), negative = mean(1);
      for (float& x : part) x = x < 0.0F ? negative : positive;
    }
  }
  Bytes size(std::int64_t numbers) const override {
    const auto buckets = static_cast<double>(Buckets(config().bucket, numbers).count);
    return Bytes(8.0 * buckets + std::ceil(static_cast<double>(numbers) / 8.0));
  }
  std::optional<double> variance(std::int64_t) const override { return std::nullopt; }
};

const bool registered =
    Compressor::registry().add<OneBit>("one_bit", "a bit per number; arrives as the mean of its kind (Seide 2014)");

}  // namespace
}  // namespace orrery::learn
