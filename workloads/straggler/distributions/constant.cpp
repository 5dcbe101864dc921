// Every mini-batch takes the same time: no stragglers but those made by factors and slow phases. The baseline of every
// comparison, and the case in which a synchronous variant loses nothing.
#include "workloads/straggler/compute_time.hpp"

namespace orrery::straggler {
namespace {

struct ConstantConfig {
  Seconds time{1.0};
};
template <class V>
void fields(V& v, ConstantConfig& c) {
  v("time", c.time, "of every mini-batch", more_than(0));
}

class Constant final : public Configured<ComputeTime, Constant, ConstantConfig> {
 public:
  Seconds sample(RngStream& draws) const override {
    draws.next();  // one word for each time, as with other distributions
    return config().time;
  }
  double cdf(Seconds t) const override { return t >= config().time ? 1.0 : 0.0; }
  Seconds quantile(double) const override { return config().time; }
  Seconds mean() const override { return config().time; }
  std::optional<double> cv2() const override { return 0.0; }
  Seconds order_statistic_mean(int, int) const override { return config().time; }
  std::optional<double> sum_cdf(int n, Seconds t) const override { return t >= config().time * n ? 1.0 : 0.0; }
};

const bool registered = ComputeTime::registry().add<Constant>("constant", "every mini-batch takes the same time");

}  // namespace
}  // namespace orrery::straggler
