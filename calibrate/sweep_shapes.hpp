// What the generators of sweep shapes share: an evenly spread sequence, and sizes as they occur in practice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "costmodel/op.hpp"
#include "sim/base/rng.hpp"
#include "sim/base/units.hpp"

namespace orrery::calibrate {

/// The R_d sequence (Roberts 2018): point i has the coordinates frac(start + i g^-(j+1)), with g the root of
/// g^(d+1) = g + 1. Evenly spread for every number of points, so that a sweep may stop anywhere.
class LowDiscrepancy {
 public:
  LowDiscrepancy(std::size_t dimensions, RngStream random);
  const std::vector<double>& next();

 private:
  std::vector<double> step_, x_;
};

/// Log-uniform: `low` at u = 0, `high` at u = 1.
double log_between(double low, double high, double u);

/// Sizes as they occur in practice, log-uniform between the limits: three quarters of them powers of two and
/// halves between, the others odd (class counts, vocabularies, image sides). Up to 65536.
std::int64_t usual_between(double low, double high, double u);

/// Nearest whole number, at least 1.
std::int64_t whole(double x);

/// Hot (0) in three cases of ten, else evenly over the logarithm between the limits.
Bytes reuse_distance(double u, double low, double high);

/// A point of the unit cube, at least four coordinates.
using Coordinates = std::vector<double>;

/// The largest shapes of operators that work through rows; the defaults suit one CPU core.
struct ShapeLimits {
  double elements = 4e6;
  double norm_cols = 4096;            ///< softmax and norms; a causal softmax half of it
  double cols = 8192;                 ///< element-wise passes
  double classes = 8192;              ///< of a cross-entropy
  double width = 1024;                ///< of an embedding
  double vocab = 65536, table = 2e6;  ///< rows and elements of an embedding's table
};

/// `kind` with a shape: elements log-uniform from 1e3 to the limit, rows and columns as they share them.
cost::Op row_shape(const cost::Op& kind, const ShapeLimits& limits, const Coordinates& u);

}  // namespace orrery::calibrate
