// How well collectives are predicted: every size of a group predicted by coefficients and an interpolation that were
// fitted without any row of that size, or all rows by something fitted elsewhere. Pure: rows in, errors out.
#pragma once

#include <string>
#include <vector>

#include "calibrate/fit/fit_fabric.hpp"
#include "sim/base/error_summary.hpp"

namespace orrery::calibrate {

/// One row and its prediction.
struct ScoredRow {
  const CollectiveRow* row;
  double predicted = 0.0;
  double white_box = 0.0;  ///< by the formula alone
  double error() const { return predicted / row->seconds - 1.0; }
};

ErrorSummary summarise(const std::vector<ScoredRow>& rows);

/// Leave one size out.
std::vector<ScoredRow> hold_out_sizes(const FabricGroup& group);
/// Every row by a stack that was fitted elsewhere.
std::vector<ScoredRow> predict_rows(const FabricGroup& group, const cost::StackEntry& stack);

/// Errors by kind and decade of size, for a profile.
std::vector<cost::DecadeErrors> errors_by_decade(const std::vector<ScoredRow>& rows);

}  // namespace orrery::calibrate
