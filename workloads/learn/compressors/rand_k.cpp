// Rand-k: k of d numbers, chosen uniformly, times d / k; the others arrive as 0. Unbiased with E|C(x) - x|^2 = (d/k -
// 1) |x|^2. Encoding: the seed from which the receiver draws the same places (8 bytes), then k numbers of 4 bytes.
#include <algorithm>
#include <numeric>
#include <vector>

#include "workloads/learn/compressor.hpp"
#include "workloads/learn/compressors/parts.hpp"

namespace orrery::learn {
namespace {

struct RandKConfig {
  double share = 0.1;
};
template <class V>
void fields(V& v, RandKConfig& c) {
  v("share", c.share, "of the numbers that is sent, at least one of them", kShare);
}

class RandK final : public Configured<Compressor, RandK, RandKConfig> {
 public:
  void apply(Vector& gradient, RngStream& draws) override {
    const auto n = static_cast<std::size_t>(gradient.size());
    const auto k = static_cast<std::size_t>(kept(config().share, gradient.size()));
    places_.resize(n);
    std::iota(places_.begin(), places_.end(), 0);
    for (std::size_t i = 0; i < k; ++i) std::swap(places_[i], places_[i + draws.below(n - i)]);
    gradient *= static_cast<float>(static_cast<double>(n) / static_cast<double>(k));
    for (std::size_t i = k; i < n; ++i) gradient[places_[i]] = 0.0F;
  }
  Bytes size(std::int64_t numbers) const override {
    return Bytes(8.0 + 4.0 * static_cast<double>(kept(config().share, numbers)));
  }
  std::optional<double> variance(std::int64_t numbers) const override {
    return static_cast<double>(numbers) / static_cast<double>(kept(config().share, numbers)) - 1.0;
  }

 private:
  std::vector<std::int32_t> places_;
};

const bool registered =
    Compressor::registry().add<RandK>("rand_k", "a random share of the numbers, scaled up; unbiased");

}  // namespace
}  // namespace orrery::learn
