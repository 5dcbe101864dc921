// Top-k: the k of d numbers that are largest in magnitude (of equal ones the first); the others arrive as 0. Biased,
// |C(x) - x|^2 <= (1 - k/d) |x|^2, and made for error feedback. Encoding: for each of the k its place and its value,
// 4 bytes each.
#include <algorithm>
#include <bit>
#include <functional>
#include <vector>

#include "workloads/learn/compressor.hpp"
#include "workloads/learn/compressors/parts.hpp"

namespace orrery::learn {
namespace {

struct TopKConfig {
  double share = 0.01;
};
template <class V>
void fields(V& v, TopKConfig& c) {
  v("share", c.share, "of the numbers that is sent, at least one of them", kShare);
}

/// Ordered as the magnitudes are, and everything that is not a number above them.
std::uint32_t magnitude(float x) {
  return std::bit_cast<std::uint32_t>(x) & 0x7FFFFFFFU;
}

class TopK final : public Configured<Compressor, TopK, TopKConfig> {
 public:
  void apply(Vector& gradient, RngStream&) override {
    const std::int64_t k = kept(config().share, gradient.size());
    if (k >= gradient.size()) return;
    sorted_.resize(static_cast<std::size_t>(gradient.size()));
    std::transform(gradient.begin(), gradient.end(), sorted_.begin(), magnitude);
    const auto last = sorted_.begin() + (k - 1);
    std::nth_element(sorted_.begin(), last, sorted_.end(), std::greater<>());
    const std::uint32_t least = *last;
    std::int64_t equal = k - std::count_if(sorted_.begin(), last, [least](std::uint32_t m) { return m > least; });
    for (float& x : gradient) {
      const std::uint32_t m = magnitude(x);
      if (m < least || (m == least && equal-- <= 0)) x = 0.0F;
    }
  }
  Bytes size(std::int64_t numbers) const override {
    return Bytes(8.0 * static_cast<double>(kept(config().share, numbers)));
  }
  std::optional<double> variance(std::int64_t) const override { return std::nullopt; }

 private:
  std::vector<std::uint32_t> sorted_;
};

const bool registered = Compressor::registry().add<TopK>("top_k", "the numbers that are largest in magnitude");

}  // namespace
}  // namespace orrery::learn
