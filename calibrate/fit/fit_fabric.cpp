#include "calibrate/fit/fit_fabric.hpp"

#include <ceres/ceres.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <map>
#include <memory>

#include "calibrate/fit/parameters.hpp"
#include "sim/base/error.hpp"
#include "sim/base/stats.hpp"

namespace orrery::calibrate {
namespace {

/// Log errors beyond this count linearly: a library that picks the wrong protocol is not the formula's fault.
constexpr double kErrorScale = 0.08;
/// A coefficient may move by this factor (log) at the cost of one point that is off by kErrorScale.
constexpr double kPriorSpread = 1.0;

/// Covariance of the rest: reach in log bytes, log ranks and log nodes, size, and the noise floor of repeats.
constexpr double kReach[] = {4.5, 2.0, 2.0};
constexpr double kRestSpread = 0.15;
constexpr double kRestNoise = 0.03;

class AllErrors {
 public:
  AllErrors(const std::vector<FabricTarget>& targets, cost::CollectiveStack& stack, const Parameters& view,
            std::vector<double> start)
      : targets_(targets), stack_(stack), view_(view), start_(std::move(start)) {}

  bool operator()(double const* const* logs, double* residuals) const {
    view_.set_logs(logs[0]);
    for (const FabricTarget& target : targets_) {
      const double model = cost::fabric_time(*target.spec, stack_, target.point->subject).seconds;
      const double error = std::log(target.point->seconds / model) / kErrorScale;
      if (!std::isfinite(error)) return false;
      // Square root of Huber's loss, with the error's sign.
      const double size = std::abs(error);
      *residuals++ = size <= 1.0 ? error : std::copysign(std::sqrt(2.0 * size - 1.0), error);
    }
    for (std::size_t i = 0; i < start_.size(); ++i) *residuals++ = (logs[0][i] - start_[i]) / kPriorSpread;
    return true;
  }
  int count() const { return static_cast<int>(targets_.size() + start_.size()); }

 private:
  const std::vector<FabricTarget>& targets_;
  cost::CollectiveStack& stack_;
  const Parameters& view_;
  std::vector<double> start_;
};

double correlation(const cost::Features& a, const cost::Features& b) {
  double square = 0.0;
  for (std::size_t d = 0; d < cost::kCollectiveFeatures; ++d) {
    const double step = (a.x[d] - b.x[d]) / kReach[d];
    square += step * step;
  }
  return square >= 1.0 ? 0.0 : cost::wendland(std::sqrt(square));
}

cost::Residual interpolate(const std::vector<cost::Features>& features, const std::vector<double>& errors) {
  const auto n = static_cast<Eigen::Index>(errors.size());
  Eigen::MatrixXd covariance(n, n);
  for (Eigen::Index i = 0; i < n; ++i) {
    for (Eigen::Index j = 0; j < n; ++j) {
      covariance(i, j) = kRestSpread * kRestSpread *
                         correlation(features[static_cast<std::size_t>(i)], features[static_cast<std::size_t>(j)]);
    }
    covariance(i, i) += kRestNoise * kRestNoise;
  }
  const Eigen::MatrixXd inverse = covariance.llt().solve(Eigen::MatrixXd::Identity(n, n));
  const Eigen::VectorXd alpha = inverse * Eigen::Map<const Eigen::VectorXd>(errors.data(), n);
  cost::Residual r;
  r.length.assign(std::begin(kReach), std::end(kReach));
  for (std::size_t d = 0; d < cost::kCollectiveFeatures; ++d) {
    const auto by = [d](const cost::Features& a, const cost::Features& b) { return a.x[d] < b.x[d]; };
    r.low.push_back(std::min_element(features.begin(), features.end(), by)->x[d]);
    r.high.push_back(std::max_element(features.begin(), features.end(), by)->x[d]);
  }
  std::vector<double> held_out_sizes, errors_sizes;
  for (Eigen::Index i = 0; i < n; ++i) {
    const cost::Features& f = features[static_cast<std::size_t>(i)];
    r.points.insert(r.points.end(), f.x.begin(), f.x.begin() + cost::kCollectiveFeatures);
    r.weights.push_back(alpha(i) * kRestSpread * kRestSpread);
    r.held_out.push_back(alpha(i) / inverse(i, i));  // Rasmussen and Williams, equation 5.12
    held_out_sizes.push_back(std::abs(r.held_out.back()));
    errors_sizes.push_back(std::abs(errors[static_cast<std::size_t>(i)]));
  }
  r.typical_error = quantile(held_out_sizes, 0.8) / 1.2816;
  r.prior_error = quantile(errors_sizes, 0.8) / 1.2816;
  return r;
}

}  // namespace

cost::CollectiveStack fit_stack(const std::vector<FabricTarget>& targets, cost::CollectiveStack start,
                                const StackFitOptions& options) {
  SIM_ASSERT(!targets.empty(), "a stack is fitted to at least one measured collective");
  cost::CollectiveStack stack = start;
  const Parameters view(stack, options.fixed);
  std::vector<double> logs = view.logs();
  auto errors = std::make_unique<AllErrors>(targets, stack, view, logs);
  const int count = errors->count();
  using Numeric = ceres::DynamicNumericDiffCostFunction<AllErrors, ceres::FORWARD>;
  auto cost = std::make_unique<Numeric>(errors.release());
  cost->AddParameterBlock(static_cast<int>(logs.size()));
  cost->SetNumResiduals(count);
  ceres::Problem problem;
  problem.AddResidualBlock(cost.release(), nullptr, logs.data());
  for (std::size_t i = 0; i < logs.size(); ++i) {
    problem.SetParameterLowerBound(logs.data(), static_cast<int>(i), view.log_low(i));
    problem.SetParameterUpperBound(logs.data(), static_cast<int>(i), view.log_high(i));
  }
  ceres::Solver::Options solver;
  solver.linear_solver_type = ceres::DENSE_QR;
  solver.max_num_iterations = options.iterations;
  solver.function_tolerance = 1e-5;
  solver.num_threads = 1;
  solver.logging_type = ceres::SILENT;
  ceres::Solver::Summary summary;
  ceres::Solve(solver, &problem, &summary);
  view.set_logs(logs.data());
  return stack;
}

cost::CollectiveStack stack_guess(const FabricGroup& group) {
  cost::CollectiveStack stack;
  if (group.stack.find("custom") == std::string::npos) return stack;
  // vLLM's and TensorRT-LLM's own kernels serve messages up to 8 MB and leave the rest to NCCL; without a CUDA graph the
  // host launches each call.
  stack.direct_limit = (8 << 20) - 1;
  stack.launch = Seconds(2.5e-6);
  if (group.stack.find("eager") != std::string::npos) {
    double shortest = group.points.front().seconds;
    for (const FabricPoint& point : group.points) shortest = std::min(shortest, point.seconds);
    stack.host = Seconds(shortest);
  }
  return stack;
}

std::vector<cost::KindResidual> fit_rest(const cost::FabricSpec& spec, const cost::CollectiveStack& stack,
                                         const std::vector<const FabricPoint*>& points) {
  std::map<CollectiveKind, std::pair<std::vector<cost::Features>, std::vector<double>>> kinds;
  for (const FabricPoint* point : points) {
    auto& [features, errors] = kinds[point->subject.kind];
    features.push_back(cost::collective_features(point->subject));
    errors.push_back(std::log(point->seconds / cost::fabric_time(spec, stack, point->subject).seconds));
  }
  std::vector<cost::KindResidual> result;
  for (const auto& [kind, data] : kinds) result.push_back({name(kind), interpolate(data.first, data.second)});
  return result;
}

}  // namespace orrery::calibrate
