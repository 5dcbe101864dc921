// Least squares: mean of (w x + b - y)^2 / 2. Convex with a constant Hessian, so that the largest stable step is known:
// 2 over the largest eigenvalue of the mean of (x, 1)(x, 1)^T, plus l2. Its own data are y = w* x + noise with standard
// normal features and a w* of length 1.
#include <Eigen/Eigenvalues>
#include <cmath>

#include "workloads/learn/linear_model.hpp"

namespace orrery::learn {
namespace {

struct LinearConfig {
  DataSource data = DataSource::own;
  int features = 20;
  std::int64_t train = 10000;
  std::int64_t test = 2000;
  double noise = 0.5;
  std::uint32_t seed = 1;
  double l2 = 0.0;
};
template <class V>
void fields(V& v, LinearConfig& c) {
  v("data", c.data, "its own (made up from the next five) or the scenario's");
  v("features", c.features, "numbers per sample", between(1, 4096));
  v("train", c.train, "training samples", at_least(1));
  v("test", c.test, "test samples", at_least(0));
  v("noise", c.noise, "standard deviation of what no line explains", at_least(0));
  v("seed", c.seed, "of its own data");
  v("l2", c.l2, "adds l2 / 2 |w|^2 to the loss", at_least(0));
}

class LeastSquares final : public LinearModel {
 public:
  using LinearModel::LinearModel;

  std::optional<double> stable_step() const override {
    constexpr Eigen::Index kSolvable = 1024;  // the eigenvalues of larger Hessians take too long
    const Eigen::MatrixXf& x = *train().features;
    const Eigen::Index n = x.rows();
    if (n > kSolvable) return std::nullopt;
    const double count = static_cast<double>(x.cols());
    Eigen::MatrixXd hessian(n + 1, n + 1);
    hessian.topLeftCorner(n, n) = (x * x.transpose()).cast<double>() / count;
    hessian.topLeftCorner(n, n).diagonal().array() += l2();
    hessian.col(n).head(n) = x.rowwise().sum().cast<double>() / count;
    hessian.row(n).head(n) = hessian.col(n).head(n).transpose();
    hessian(n, n) = 1.0;
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(hessian, Eigen::EigenvaluesOnly);
    return 2.0 / solver.eigenvalues().maxCoeff();
  }

 private:
  SampleLoss loss(double score, double target) const override {
    const double error = score - target;
    return {0.5 * error * error, error};
  }
  std::optional<bool> is_right(double, double) const override { return std::nullopt; }
};

Samples draw(const LinearConfig& config, std::int64_t count, const Vector& truth, RngStream draws) {
  Samples result;
  result.features.resize(truth.size(), count);
  result.targets.resize(count);
  for (Eigen::Index j = 0; j < count; ++j) {
    for (Eigen::Index i = 0; i < truth.size(); ++i) result.features(i, j) = static_cast<float>(draws.normal());
    result.targets[j] = truth.dot(result.features.col(j)) + static_cast<float>(draws.normal(0.0, config.noise));
  }
  return result;
}

std::unique_ptr<const Dataset> make_data(const LinearConfig& config) {
  const Seed seed{config.seed};
  RngStream draws = stream(seed, "linear regression: truth");
  Vector truth(config.features);
  for (float& w : truth) w = static_cast<float>(draws.normal());
  truth.normalize();
  auto data = std::make_unique<Dataset>();
  data->train = draw(config, config.train, truth, stream(seed, "linear regression: training samples"));
  data->test = draw(config, config.test, truth, stream(seed, "linear regression: test samples"));
  return data;
}

class LinearRegression final : public Configured<Problem, LinearRegression, LinearConfig> {
 public:
  bool needs_data() const override { return config().data == DataSource::given; }
  std::optional<std::string> refusal(const Dataset& data) const override {
    if (data.train.count() == 0 || data.train.targets.size() != data.train.count()) {
      return "needs training samples with a number each, not classes";
    }
    return std::nullopt;
  }
  std::unique_ptr<Objective> bind(const Dataset* given) const override {
    std::unique_ptr<const Dataset> owned = needs_data() ? nullptr : make_data(config());
    const Dataset& data = owned ? *owned : *given;
    return std::make_unique<LeastSquares>(Targets{&data.train.features, data.train.targets},
                                          Targets{&data.test.features, data.test.targets}, config().l2,
                                          std::move(owned));
  }
};

const bool registered = Problem::registry().add<LinearRegression>("linear_regression", "least squares");

}  // namespace
}  // namespace orrery::learn
