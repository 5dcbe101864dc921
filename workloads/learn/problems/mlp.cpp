// A multi-layer perceptron: dense layers with ReLU between them and softmax cross-entropy. Not convex: stale gradients
// and large steps hurt as they do in deep learning.
#include "workloads/learn/classifier.hpp"

namespace orrery::learn {
namespace {

struct MlpConfig {
  std::vector<std::int64_t> hidden = {64};
  double l2 = 0.0;
};
template <class V>
void fields(V& v, MlpConfig& c) {
  v("hidden", c.hidden, "width of each hidden layer", between(1, 65536));
  v("l2", c.l2, "adds l2 / 2 |W|^2 of every layer to the loss", at_least(0));
}

class Mlp final : public Configured<Problem, Mlp, MlpConfig> {
 public:
  bool needs_data() const override { return true; }
  std::optional<std::string> refusal(const Dataset& data) const override {
    if (config().hidden.empty()) return "needs a hidden layer (without one it is softmax_regression)";
    return refuse_classes(data);
  }
  std::unique_ptr<Objective> bind(const Dataset* data) const override {
    return classifier(*data, {config().hidden, config().l2});
  }
};

const bool registered = Problem::registry().add<Mlp>("mlp", "dense layers with ReLU, cross-entropy");

}  // namespace
}  // namespace orrery::learn
