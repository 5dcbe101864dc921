// No compression: 4 bytes per number.
#include "workloads/learn/compressor.hpp"

namespace orrery::learn {
namespace {

struct NoneConfig {};
template <class V>
void fields(V&, NoneConfig&) {}

class None final : public Configured<Compressor, None, NoneConfig> {
 public:
  void apply(Vector&, RngStream&) override {}
  Bytes size(std::int64_t numbers) const override { return Bytes(4.0 * static_cast<double>(numbers)); }
  std::optional<double> variance(std::int64_t) const override { return 0.0; }
};

const bool registered = Compressor::registry().add<None>("none", "gradients as they are, 4 bytes per number");

}  // namespace
}  // namespace orrery::learn
