// How far predictions are from measurements, in one line: the middle and the tail of the absolute errors, and the middle
// of the signed ones. Every comparison of the program folds its errors here, so that figures of two tables mean the same.
#pragma once

#include <span>

namespace orrery {

/// Of relative errors (predicted / measured - 1) or log errors; the caller says which.
struct ErrorSummary {
  int count = 0;
  double median = 0.0, p90 = 0.0;  ///< of the absolute errors
  double bias = 0.0;               ///< median of the signed errors
};

/// Zeros for an empty list.
ErrorSummary summarise_errors(std::span<const double> signed_errors);

}  // namespace orrery
