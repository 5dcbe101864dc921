// Scaled sign (Karimireddy et al. 2019): each number arrives as the mean magnitude with its sign. Biased, |C(x) - x|^2
// = |x|^2 - |x|_1^2 / d, and made for error feedback; without it, it is signSGD (Bernstein et al. 2018) with a step
// that follows the gradient. Encoding: the mean (4 bytes), then a bit per number.
#include <cmath>

#include "workloads/learn/compressor.hpp"

namespace orrery::learn {
namespace {

struct SignConfig {};
template <class V>
void fields(V&, SignConfig&) {}

class Sign final : public Configured<Compressor, Sign, SignConfig> {
 public:
  void apply(Vector& gradient, RngStream&) override {
    const auto mean = static_cast<float>(gradient.cast<double>().lpNorm<1>() / static_cast<double>(gradient.size()));
    for (float& x : gradient) x = std::copysign(mean, x);
  }
  Bytes size(std::int64_t numbers) const override { return Bytes(4.0 + std::ceil(static_cast<double>(numbers) / 8.0)); }
  std::optional<double> variance(std::int64_t) const override { return std::nullopt; }
};

const bool registered = Compressor::registry().add<Sign>("sign", "a bit per number; arrives as the mean magnitude");

}  // namespace
}  // namespace orrery::learn
