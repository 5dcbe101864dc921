// Linear classification: scores W^T x + b, softmax, mean cross-entropy. Convex; the problem of the experiments in Dutta
// et al. 2018.
#include "workloads/learn/classifier.hpp"

namespace orrery::learn {
namespace {

struct SoftmaxConfig {
  double l2 = 0.0;
};
template <class V>
void fields(V& v, SoftmaxConfig& c) {
  v("l2", c.l2, "adds l2 / 2 |W|^2 to the loss", at_least(0));
}

class SoftmaxRegression final : public Configured<Problem, SoftmaxRegression, SoftmaxConfig> {
 public:
  bool needs_data() const override { return true; }
  std::optional<std::string> refusal(const Dataset& data) const override { return refuse_classes(data); }
  std::unique_ptr<Objective> bind(const Dataset* data) const override { return classifier(*data, {{}, config().l2}); }
};

const bool registered =
    Problem::registry().add<SoftmaxRegression>("softmax_regression", "linear classification with cross-entropy");

}  // namespace
}  // namespace orrery::learn
