// F(w) = sum_i c_i w_i^2 / 2 with additive Gaussian noise in the gradient: the problem on which everything is known
// exactly. A mini-batch of m samples has the loss F(w) + xi w, with the components of xi independent normals of
// variance sigma2 / m. With one coordinate, plain SGD of step eta has E[F] = eta sigma2 / (2 m (2 - eta c)) in the end
// (a stationary AR(1) process); curvatures spread geometrically make it ill-conditioned.
#include <algorithm>
#include <cmath>

#include "sim/base/error.hpp"
#include "workloads/learn/problem.hpp"

namespace orrery::learn {
namespace {

struct QuadraticConfig {
  int dimensions = 1;
  double curvature = 1.0;
  double condition = 1.0;
  double start = 3.0;
  double sigma2 = 1.0;
};
template <class V>
void fields(V& v, QuadraticConfig& c) {
  v("dimensions", c.dimensions, "independent coordinates", between(1, 1e8));
  v("curvature", c.curvature, "c of the steepest coordinate", more_than(0));
  v("condition", c.condition, "steepest curvature over the flattest; geometric between them", at_least(1));
  v("start", c.start, "value of each coordinate at the start");
  v("sigma2", c.sigma2, "variance of one sample's gradient, per coordinate", at_least(0));
}

class QuadraticObjective final : public Objective {
 public:
  explicit QuadraticObjective(const QuadraticConfig& config) : config_(config), curvature_(config.dimensions) {
    const double steps = std::max(1, config.dimensions - 1);
    for (int i = 0; i < config.dimensions; ++i) {
      const double share = static_cast<double>(i) / steps;
      curvature_[i] = static_cast<float>(config.curvature * portable_exp(-portable_log(config.condition) * share));
    }
  }

  std::int64_t parameters() const override { return config_.dimensions; }
  std::int64_t samples() const override { return 0; }
  void initial(RngStream, Vector& out) const override {
    out.setConstant(config_.dimensions, static_cast<float>(config_.start));
  }

  double gradient(const Vector& at, std::int64_t batch, RngStream& draws, Vector& out) override {
    SIM_ASSERT(batch >= 1, "a mini-batch has samples");
    const double deviation = std::sqrt(config_.sigma2 / static_cast<double>(batch));
    out.resize(at.size());
    double loss = 0.0;
    for (Eigen::Index i = 0; i < at.size(); ++i) {
      const double noise = draws.normal(0.0, deviation);
      const double w = at[i], slope = curvature_[i] * w;
      loss += 0.5 * slope * w + noise * w;
      out[i] = static_cast<float>(slope + noise);
    }
    return loss;
  }

  double train_loss(const Vector& at, std::int64_t) override {
    double loss = 0.0;
    for (Eigen::Index i = 0; i < at.size(); ++i) {
      loss += 0.5 * static_cast<double>(curvature_[i]) * static_cast<double>(at[i]) * static_cast<double>(at[i]);
    }
    return loss;
  }
  std::optional<Score> test(const Vector&, std::int64_t) override { return std::nullopt; }
  std::optional<double> stable_step() const override { return 2.0 / config_.curvature; }

 private:
  QuadraticConfig config_;
  Vector curvature_;
};

class Quadratic final : public Configured<Problem, Quadratic, QuadraticConfig> {
 public:
  bool needs_data() const override { return false; }
  std::optional<std::string> refusal(const Dataset&) const override { return std::nullopt; }
  std::unique_ptr<Objective> bind(const Dataset*) const override {
    return std::make_unique<QuadraticObjective>(config());
  }
};

const bool registered =
    Problem::registry().add<Quadratic>("quadratic", "sum of c w^2 / 2 with Gaussian noise: known exactly");

}  // namespace
}  // namespace orrery::learn
