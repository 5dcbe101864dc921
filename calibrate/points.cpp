#include "calibrate/points.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "calibrate/drift.hpp"
#include "costmodel/footprint.hpp"
#include "sim/base/stats.hpp"

namespace orrery::calibrate {
namespace {

/// Below this two visits cannot be told apart: clock grain and rounding in the table.
constexpr double kLeastError = 0.003;

struct Visits {
  Point point;
  std::vector<double> log_medians;
};

double visit_variance(const std::vector<double>& log_medians) {
  RunningStats stats;
  for (const double x : log_medians) stats.add(x);
  return stats.variance();
}

}  // namespace

std::vector<Point> pool_points(const std::vector<Measurement>& rows) {
  using Key = std::tuple<std::string, std::string, int, double>;
  std::map<Key, std::size_t> index;
  std::vector<Visits> all;
  const std::vector<double> drift = drift_corrections(rows);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Measurement& row = rows[i];
    if (row.is_anchor) continue;
    const std::string name = class_name(row.subject);
    const Key key{name, shape_text(row.subject), row.conditions.ranks_busy,
                  row.conditions.reuse_distance.value()};
    const auto [found, is_new] = index.emplace(key, all.size());
    if (is_new) {
      Visits fresh;
      fresh.point.subject = row.subject;
      fresh.point.conditions = row.conditions;
      fresh.point.class_name = name;
      all.push_back(fresh);
    }
    all[found->second].log_medians.push_back(std::log(row.times.median_s) - drift[i]);
  }

  std::map<std::string, std::vector<double>> class_variances;
  for (const Visits& v : all) {
    if (v.log_medians.size() > 1)
      class_variances[v.point.class_name].push_back(visit_variance(v.log_medians));
  }
  std::vector<Point> points;
  for (Visits& v : all) {
    const std::vector<double>& others = class_variances[v.point.class_name];
    const double of_class = others.empty() ? 0.0 : median(others);
    const auto n = static_cast<double>(v.log_medians.size());
    // The class counts like two more visits.
    const double mixed = ((n - 1.0) * visit_variance(v.log_medians) + 2.0 * of_class) / (n + 1.0);
    v.point.seconds = std::exp(median(v.log_medians));
    v.point.log_error = std::max(kLeastError, std::sqrt(mixed / n));
    if (const auto* op = std::get_if<cost::Op>(&v.point.subject)) {
      cost::Conditions& conditions = v.point.conditions;
      conditions.reuse_time =
          cost::rotation_time(cost::footprint(*op), conditions.reuse_distance, Seconds(v.point.seconds));
    }
    v.point.visits = static_cast<int>(v.log_medians.size());
    points.push_back(v.point);
  }
  return points;
}

}  // namespace orrery::calibrate
