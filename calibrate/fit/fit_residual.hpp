// Learning what the white-box models miss: Gaussian process regression of the remaining log errors (Rasmussen
// and Williams 2006). Its length scales are chosen by how well each point is predicted from the others.
#pragma once

#include <string>
#include <vector>

#include "costmodel/profile.hpp"
#include "costmodel/residual.hpp"

namespace orrery::calibrate {

struct ResidualData {
  std::vector<cost::Features> features;  ///< per point
  std::vector<std::string> names;        ///< per feature; neighbours named alike share a length scale
  std::vector<double> errors;            ///< log(measured / white box), per point
  std::vector<double> noise;             ///< standard deviation of that by measuring, per point
  /// d log(white box) / d log(parameter), row-major per point: held-out errors are those of a white box that
  /// was fitted without the point, to first order.
  std::vector<double> sensitivities;
  std::size_t parameters = 0;
};

/// REQUIRES: as many features, errors and noises, at least one.
cost::Residual fit_residual(const ResidualData& data);

/// Summary of held-out and white-box errors.
cost::FitErrors fit_errors(const std::vector<double>& held_out, const std::vector<double>& white_box);

}  // namespace orrery::calibrate
