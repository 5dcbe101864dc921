#include "calibrate/fit/fit_residual.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "sim/base/error.hpp"
#include "sim/base/error_summary.hpp"
#include "sim/base/stats.hpp"

namespace orrery::calibrate {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// How far a log parameter of the white box may move when a point is left out.
constexpr double kParameterSpread = 0.5;
/// Every point needs some noise of its own, or two close points would fight each other.
constexpr double kLeastNoise = 0.01;

/// What is chosen by leave-one-out: a length scale per group of features, and the size of the smooth part.
struct Choice {
  std::vector<double> length;  ///< per group
  double signal = 0.1;         ///< standard deviation of the smooth part
};

/// Shape dimensions share one length scale, the other features have their own.
std::vector<std::size_t> groups_of(const std::vector<std::string>& names) {
  std::vector<std::size_t> groups;
  std::size_t last = 0;
  for (const std::string& name : names) {
    const bool is_shape =
        name != "working_set" && name != "ranks_busy" && name != "batch" && name != "causal";
    groups.push_back(is_shape ? 0 : ++last);
  }
  return groups;
}

class Trial {
 public:
  Trial(const ResidualData& data, const std::vector<std::size_t>& groups, const Choice& choice)
      : data_(data), n_(static_cast<Index>(data.errors.size())) {
    for (const std::size_t group : groups) length_.push_back(choice.length[group]);
    covariance_ = MatrixXd(n_, n_);
    for (Index i = 0; i < n_; ++i) {
      for (Index j = 0; j <= i; ++j) {
        covariance_(i, j) = covariance_(j, i) = choice.signal * choice.signal * correlation(i, j);
      }
      const double noise = std::max(kLeastNoise, data.noise[static_cast<std::size_t>(i)]);
      covariance_(i, i) += noise * noise;
    }
    errors_ = Eigen::Map<const VectorXd>(data.errors.data(), n_);
  }

  /// Leave-one-out errors and their expected variances (Rasmussen and Williams, equation 5.12), with the
  /// white-box parameters free: their sensitivities are further columns of the covariance.
  void hold_out(VectorXd& residual, VectorXd& variance) const {
    MatrixXd full = covariance_;
    if (data_.parameters > 0) {
      using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
      const Eigen::Map<const RowMajor> s(data_.sensitivities.data(), n_,
                                         static_cast<Index>(data_.parameters));
      full += kParameterSpread * kParameterSpread * s * s.transpose();
    }
    const MatrixXd inverse = full.llt().solve(MatrixXd::Identity(n_, n_));
    variance = inverse.diagonal().cwiseInverse();
    residual = (inverse * errors_).cwiseProduct(variance);
  }

  /// Negative log predictive density of the left-out points, with Student's t (3 degrees of freedom) instead
  /// of the normal distribution: a few visits fell into slow moments of the machine.
  double loss() const {
    VectorXd residual, variance;
    hold_out(residual, variance);
    double sum = 0.0;
    for (Index i = 0; i < n_; ++i) {
      sum += 0.5 * std::log(variance(i)) + 2.0 * std::log1p(residual(i) * residual(i) / (3.0 * variance(i)));
    }
    return std::isfinite(sum) ? sum : std::numeric_limits<double>::infinity();
  }

  std::vector<double> weights(double signal) const {
    const VectorXd alpha = covariance_.llt().solve(errors_) * (signal * signal);
    return {alpha.data(), alpha.data() + n_};
  }
  const std::vector<double>& length() const { return length_; }

 private:
  double correlation(Index i, Index j) const {
    const cost::Features& a = data_.features[static_cast<std::size_t>(i)];
    const cost::Features& b = data_.features[static_cast<std::size_t>(j)];
    double square = 0.0;
    for (std::size_t d = 0; d < length_.size(); ++d) {
      const double step = (a.x[d] - b.x[d]) / length_[d];
      square += step * step;
    }
    return square >= 1.0 ? 0.0 : cost::wendland(std::sqrt(square));
  }

  const ResidualData& data_;
  Index n_;
  std::vector<double> length_;
  MatrixXd covariance_;
  VectorXd errors_;
};

/// Coordinate descent over fixed candidates: two passes find the same answer everywhere.
Choice choose(const ResidualData& data, const std::vector<std::size_t>& groups) {
  const std::array<double, 7> lengths{1.0, 2.0, 3.5, 6.0, 10.0, 18.0, 40.0};
  const std::array<double, 6> signals{0.01, 0.03, 0.06, 0.12, 0.25, 0.5};
  Choice best{std::vector<double>(1 + *std::max_element(groups.begin(), groups.end()), 10.0), 0.12};
  double best_loss = Trial(data, groups, best).loss();
  const auto attempt = [&](const Choice& choice) {
    const double loss = Trial(data, groups, choice).loss();
    if (loss < best_loss) {
      best_loss = loss;
      best = choice;
    }
  };
  for (int pass = 0; pass < 2; ++pass) {
    for (const double signal : signals) attempt({best.length, signal});
    for (std::size_t g = 0; g < best.length.size(); ++g) {
      for (const double length : lengths) {
        Choice choice = best;
        choice.length[g] = length;
        attempt(choice);
      }
    }
  }
  return best;
}

/// Points that the others contradict by more than three standard deviations get the noise that would explain
/// them: they still count in the errors, but no longer pull their neighbours.
void distrust_outliers(const std::vector<std::size_t>& groups, const Choice& choice, ResidualData& data) {
  VectorXd residual, variance;
  Trial(data, groups, choice).hold_out(residual, variance);
  for (std::size_t i = 0; i < data.noise.size(); ++i) {
    const double distance = std::abs(residual(static_cast<Index>(i)));
    const double scale = std::sqrt(variance(static_cast<Index>(i)));
    if (distance > 3.0 * scale) data.noise[i] = std::max(data.noise[i], 0.5 * distance);
  }
}

/// Standard deviation of the normal distribution that has as many values within its 80 % interval: the
/// intervals that people see are such, and a few wild points do not widen them for all.
double spread_of(std::vector<double> errors) {
  for (double& error : errors) error = std::abs(error);
  return quantile(errors, 0.8) / 1.2816;
}

/// Length scales and signal were chosen to make the held-out errors small, which uses up points as parameters
/// do.
double selection_factor(std::size_t points, const std::vector<std::size_t>& groups) {
  const auto n = static_cast<double>(points);
  const double chosen = 2.0 + static_cast<double>(*std::max_element(groups.begin(), groups.end()));
  return std::sqrt(n / std::max(n - chosen, 0.5 * n));
}

}  // namespace

cost::Residual fit_residual(const ResidualData& measured) {
  const std::size_t n = measured.errors.size(), dimensions = measured.names.size();
  SIM_ASSERT(n > 0 && measured.features.size() == n && measured.noise.size() == n,
             "a residual needs its points");
  const std::vector<std::size_t> groups = groups_of(measured.names);
  ResidualData data = measured;
  distrust_outliers(groups, choose(data, groups), data);
  const Choice choice = choose(data, groups);
  const Trial trial(data, groups, choice);

  cost::Residual residual;
  residual.length = trial.length();
  residual.weights = trial.weights(choice.signal);
  VectorXd held_out, variance;
  trial.hold_out(held_out, variance);
  residual.held_out.assign(held_out.data(), held_out.data() + n);
  residual.low.assign(dimensions, std::numeric_limits<double>::infinity());
  residual.high.assign(dimensions, -std::numeric_limits<double>::infinity());
  for (const cost::Features& f : data.features) {
    for (std::size_t d = 0; d < dimensions; ++d) {
      residual.points.push_back(f.x[d]);
      residual.low[d] = std::min(residual.low[d], f.x[d]);
      residual.high[d] = std::max(residual.high[d], f.x[d]);
    }
  }
  residual.typical_error = spread_of(residual.held_out) * selection_factor(n, groups);
  residual.prior_error = std::max(spread_of(data.errors), residual.typical_error);
  residual.growth = std::max(0.1, residual.prior_error);
  return residual;
}

cost::FitErrors fit_errors(const std::vector<double>& held_out, const std::vector<double>& white_box) {
  const ErrorSummary interpolated = summarise_errors(held_out);
  return {interpolated.median, interpolated.p90, interpolated.bias, summarise_errors(white_box).median};
}

}  // namespace orrery::calibrate
