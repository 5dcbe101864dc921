#include "validate/netlab_fit.hpp"

#include <Eigen/Core>
#include <Eigen/QR>
#include <algorithm>
#include <cmath>

#include "sim/base/error.hpp"
#include "sim/base/stats.hpp"

namespace orrery::validate {
namespace {

constexpr Eigen::Index kTerms = 7;
using Row = Eigen::Matrix<double, 1, kTerms>;

/// What each term is multiplied by. Times in seconds; gamma as added bytes at the link's rate, so that all columns have
/// one scale.
Row row_of(const PlanShape& s, BytesPerSec rate) {
  const double wire = (s.through_port / rate).value();
  Row row;
  row << s.participants, s.steps, s.steps * s.crossing, wire, wire * s.duplex, wire * (s.links_at_once - 1),
      (s.added / rate).value();
  return row;
}

/// Terms that would be negative are left out, the most negative first.
Eigen::VectorXd solve_without_negative(const Eigen::MatrixXd& a, const Eigen::VectorXd& b) {
  std::vector<Eigen::Index> kept;
  for (Eigen::Index i = 0; i < kTerms; ++i) kept.push_back(i);
  for (;;) {
    Eigen::MatrixXd part(a.rows(), static_cast<Eigen::Index>(kept.size()));
    for (std::size_t i = 0; i < kept.size(); ++i) part.col(static_cast<Eigen::Index>(i)) = a.col(kept[i]);
    const Eigen::ColPivHouseholderQR<Eigen::MatrixXd> qr(part);
    if (qr.rank() < part.cols()) {
      throw ScenarioError("", "the calibration runs of the network lab leave a term open: too few patterns or sizes");
    }
    const Eigen::VectorXd x = qr.solve(b);
    Eigen::Index lowest = 0;
    if (x.minCoeff(&lowest) >= 0.0) {
      Eigen::VectorXd all = Eigen::VectorXd::Zero(kTerms);
      for (std::size_t i = 0; i < kept.size(); ++i) all(kept[i]) = x(static_cast<Eigen::Index>(i));
      return all;
    }
    kept.erase(kept.begin() + lowest);
  }
}

}  // namespace

Seconds netlab_formula(const NetlabFit& fit, const PlanShape& s, BytesPerSec rate) {
  const Seconds alpha = fit.alpha + s.crossing * fit.crossing;
  const double wire = fit.headers + s.duplex * fit.acknowledgements + (s.links_at_once - 1) * fit.sharing;
  return s.participants * fit.start + s.steps * alpha + (s.through_port / rate) * wire + s.added * fit.gamma;
}

NetlabFit fit_netlab(const std::vector<NetlabRun>& calibration, BytesPerSec rate) {
  const auto rows = static_cast<Eigen::Index>(calibration.size());
  Eigen::MatrixXd a(rows, kTerms);
  const Eigen::VectorXd ones = Eigen::VectorXd::Ones(rows);
  std::vector<PlanShape> shapes;
  std::vector<double> measured;
  for (Eigen::Index i = 0; i < rows; ++i) {
    const NetlabRun& run = calibration[static_cast<std::size_t>(i)];
    measured.push_back(median(run.times_s));
    shapes.push_back(shape_of(netlab_plan(run.what), Bytes(sizeof(float))));
    a.row(i) = row_of(shapes.back(), rate) / measured.back();
  }
  const Eigen::VectorXd x = solve_without_negative(a, ones);
  NetlabFit fit;
  fit.start = Seconds(x(0));
  fit.alpha = Seconds(x(1));
  fit.crossing = Seconds(x(2));
  fit.headers = x(3);
  fit.acknowledgements = x(4);
  fit.sharing = x(5);
  fit.gamma = SecondsPerByte(x(6) / rate.value());
  std::vector<double> errors;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    errors.push_back(std::abs(netlab_formula(fit, shapes[i], rate).value() / measured[i] - 1.0));
  }
  fit.median_error = median(errors);
  fit.worst_error = *std::max_element(errors.begin(), errors.end());
  return fit;
}

}  // namespace orrery::validate
