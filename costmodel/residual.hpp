// What a white-box model misses, learnt from its own errors: a smooth interpolation of log(measured / model)
// between the measured points. Each measured point carries a weight; its influence ends at a finite distance
// (a Wendland function of the scaled distance), so that far from every measurement the answer is the
// white-box value again. The weights are those of Gaussian process regression (Rasmussen and Williams 2006,
// ch. 2) with that covariance; the expected error at a place comes from the leave-one-out errors of the
// points around it.
#pragma once

#include <cstddef>
#include <vector>

#include "costmodel/footprint.hpp"
#include "sim/base/fields.hpp"

namespace orrery::cost {

/// Covariance of two points at scaled distance r: (1 - r)^6 (6 r + 1) for r < 1, else 0; positive definite in
/// up to seven dimensions (Wendland 1995).
double wendland(double r);

struct Residual {
  struct Answer {
    double log_correction = 0.0;  ///< add to log(white-box time)
    double error = 0.0;           ///< one standard deviation of log(truth / corrected estimate)
    bool inside = false;          ///< within the box of measured features
  };

  std::vector<double> length;     ///< per feature: distance at which influence ends, in log units
  std::vector<double> points;     ///< row-major: one row of features per point
  std::vector<double> weights;    ///< per point
  std::vector<double> held_out;   ///< per point: log error of predicting it from the others
  std::vector<double> low, high;  ///< per feature: range of the measured points
  /// Held-out error as a standard deviation: 80 % of the points lie within 1.2816 of it. 0 = unknown.
  double typical_error = 0.0;
  double prior_error = 0.0;  ///< the same of the white-box model's own log errors
  double growth = 0.15;      ///< log error added per unit of log distance outside the range

  std::size_t count() const { return weights.size(); }
  Answer at(const Features& features) const;
  /// Largest distance outside the range over all features, in log units; 0 inside.
  double distance_outside(const Features& features) const;
};

template <class V>
void fields(V& v, Residual& c) {
  v("length", c.length, "per feature: log distance at which a point's influence ends", more_than(0));
  v("low", c.low, "per feature: smallest measured value (natural logarithm)");
  v("high", c.high, "per feature: largest measured value");
  v("typical_error", c.typical_error, "held-out log error that 80 % of the points keep, over 1.2816",
    at_least(0));
  v("prior_error", c.prior_error, "the same of the white-box model's log errors", at_least(0));
  v("growth", c.growth, "log error added per unit of log distance outside the range", at_least(0));
  v("weights", c.weights, "per measured point");
  v("held_out", c.held_out, "per measured point: log error when predicted from the others");
  v("points", c.points, "features of the measured points, one after the other");
}

}  // namespace orrery::cost
