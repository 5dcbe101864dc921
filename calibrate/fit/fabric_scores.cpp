#include "calibrate/fit/fabric_scores.hpp"

#include <cmath>
#include <map>
#include <set>


namespace orrery::calibrate {
namespace {

/// Dropping one size moves the coefficients little: the refit starts at the fit of all rows.
constexpr int kRefitIterations = 12;

void score_points(const FabricGroup& group, const cost::StackEntry& stack,
                  const std::vector<const FabricPoint*>& points, std::vector<ScoredRow>& out) {
  for (const FabricPoint* point : points) {
    for (const CollectiveRow* row : point->rows) {
      const double white = cost::fabric_time(group.spec, stack.coefficients, row->subject).seconds;
      out.push_back({row, cost::estimate_collective(group.spec, stack, row->subject).estimate.time.value(), white});
    }
  }
}

std::vector<FabricTarget> targets_of(const FabricGroup& group, const std::vector<const FabricPoint*>& points) {
  std::vector<FabricTarget> targets;
  for (const FabricPoint* point : points) targets.push_back({&group.spec, point});
  return targets;
}

std::vector<const FabricPoint*> all_points(const FabricGroup& group) {
  std::vector<const FabricPoint*> points;
  for (const FabricPoint& point : group.points) points.push_back(&point);
  return points;
}

/// Sizes of one octave's quarter count as one size.
long size_key(const FabricPoint& point) {
  return std::lround(4.0 * std::log2(std::max(1.0, point.subject.bytes.value())));
}

}  // namespace

ErrorSummary summarise(const std::vector<ScoredRow>& rows) {
  std::vector<double> errors;
  for (const ScoredRow& row : rows) errors.push_back(row.error());
  return summarise_errors(errors);
}

std::vector<ScoredRow> hold_out_sizes(const FabricGroup& group) {
  std::set<long> sizes;
  for (const FabricPoint& point : group.points) sizes.insert(size_key(point));
  std::vector<ScoredRow> rows;
  if (sizes.size() < 3) return rows;  // nothing is left to fit
  const cost::CollectiveStack start = stack_guess(group);
  const cost::CollectiveStack whole = fit_stack(targets_of(group, all_points(group)), start);
  for (const long size : sizes) {
    std::vector<const FabricPoint*> kept, left_out;
    for (const FabricPoint& point : group.points) (size_key(point) == size ? left_out : kept).push_back(&point);
    cost::StackEntry stack;
    stack.coefficients = fit_stack(targets_of(group, kept), whole, {{}, kRefitIterations});
    stack.kinds = fit_rest(group.spec, stack.coefficients, kept);
    score_points(group, stack, left_out, rows);
  }
  return rows;
}

std::vector<ScoredRow> predict_rows(const FabricGroup& group, const cost::StackEntry& stack) {
  std::vector<ScoredRow> rows;
  score_points(group, stack, all_points(group), rows);
  return rows;
}

std::vector<cost::DecadeErrors> errors_by_decade(const std::vector<ScoredRow>& rows) {
  std::map<std::pair<CollectiveKind, int>, std::vector<ScoredRow>> cells;
  for (const ScoredRow& row : rows) {
    const double bytes = std::max(1.0, row.row->subject.bytes.value());
    cells[{row.row->subject.kind, static_cast<int>(std::floor(std::log10(bytes)))}].push_back(row);
  }
  std::vector<cost::DecadeErrors> result;
  for (const auto& [cell, members] : cells) {
    const ErrorSummary s = summarise(members);
    result.push_back({name(cell.first), Bytes(std::pow(10.0, cell.second)), s.count, s.median, s.p90, s.bias});
  }
  return result;
}

cost::StackEntry fit_group(const FabricGroup& group) {
  const std::vector<const FabricPoint*> points = all_points(group);
  cost::StackEntry entry;
  entry.name = group.stack.empty() ? "not stated" : group.stack;
  entry.rows = group.rows;
  entry.coefficients = fit_stack(targets_of(group, points), stack_guess(group));
  entry.kinds = fit_rest(group.spec, entry.coefficients, points);
  entry.errors = errors_by_decade(hold_out_sizes(group));
  return entry;
}

}  // namespace orrery::calibrate
