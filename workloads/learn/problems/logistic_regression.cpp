// Two classes: mean of ln(1 + exp(-y (w x + b))) with y = +1 for the positive class and -1 for the rest. Convex. Its
// own data are two normal clouds.
#include "workloads/learn/classifier.hpp"
#include "workloads/learn/linear_model.hpp"
#include "workloads/learn/mixture.hpp"

namespace orrery::learn {
namespace {

struct LogisticConfig {
  DataSource data = DataSource::own;
  int features = 20;
  std::int64_t train = 10000;
  std::int64_t test = 2000;
  double distance = 2.0;
  std::uint32_t seed = 1;
  int positive = 1;
  double l2 = 0.0;
};
template <class V>
void fields(V& v, LogisticConfig& c) {
  v("data", c.data, "its own (made up from the next five) or the scenario's");
  v("features", c.features, "numbers per sample", between(1, 1e6));
  v("train", c.train, "training samples", at_least(1));
  v("test", c.test, "test samples", at_least(0));
  v("distance", c.distance, "between the two clouds, in their standard deviations", at_least(0));
  v("seed", c.seed, "of its own data");
  v("positive", c.positive, "class that is told from all others", at_least(0));
  v("l2", c.l2, "adds l2 / 2 |w|^2 to the loss", at_least(0));
}

class Logistic final : public LinearModel {
 public:
  using LinearModel::LinearModel;

 private:
  SampleLoss loss(double score, double target) const override {
    const double margin = score * target;
    const double e = portable_exp(margin > 0.0 ? -margin : margin);  // at most 1
    const double log1p = portable_log(1.0 + e);
    const double miss = margin > 0.0 ? e / (1.0 + e) : 1.0 / (1.0 + e);  // probability of the other class
    return {margin > 0.0 ? log1p : log1p - margin, -target * miss};
  }
  std::optional<bool> is_right(double score, double target) const override { return (score > 0.0) == (target > 0.0); }
};

Targets signs(const Samples& samples, int positive) {
  Targets result{&samples.features, Vector(samples.count())};
  for (Eigen::Index j = 0; j < result.values.size(); ++j) {
    result.values[j] = samples.labels[static_cast<std::size_t>(j)] == positive ? 1.0F : -1.0F;
  }
  return result;
}

class LogisticRegression final : public Configured<Problem, LogisticRegression, LogisticConfig> {
 public:
  bool needs_data() const override { return config().data == DataSource::given; }
  std::optional<std::string> refusal(const Dataset& data) const override {
    if (config().positive >= data.classes) {
      return "has no class " + std::to_string(config().positive) + " to tell from the others";
    }
    return refuse_classes(data);
  }
  std::unique_ptr<Objective> bind(const Dataset* given) const override {
    const LogisticConfig& c = config();
    std::unique_ptr<const Dataset> owned;
    if (!needs_data()) {
      owned = std::make_unique<Dataset>(mixture_dataset({2, c.features, c.train, c.test, c.distance, c.seed}));
    }
    const Dataset& data = owned ? *owned : *given;
    const int positive = owned ? 1 : c.positive;
    return std::make_unique<Logistic>(signs(data.train, positive), signs(data.test, positive), c.l2, std::move(owned));
  }
};

const bool registered =
    Problem::registry().add<LogisticRegression>("logistic_regression", "two classes by a linear score");

}  // namespace
}  // namespace orrery::learn
