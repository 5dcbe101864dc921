#include "calibrate/fit/fit.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>

#include "calibrate/fit/fit_collective.hpp"
#include "calibrate/fit/fit_operators.hpp"
#include "calibrate/fit/fit_residual.hpp"
#include "calibrate/noise_table.hpp"
#include "calibrate/fit/parameters.hpp"
#include "sim/base/error.hpp"

namespace orrery::calibrate {
namespace {

/// Fewer points than this cannot carry the parameters of a class.
constexpr std::size_t kPointsLeast = 8;

/// Seven digits: more than any measurement knows, and profiles stay small and readable.
double rounded(double value, int digits = 7) {
  char text[40];
  std::snprintf(text, sizeof text, "%.*g", digits, value);
  return std::strtod(text, nullptr);
}

void round_list(std::vector<double>& values, int digits) {
  for (double& value : values) value = rounded(value, digits);
}

void round_residual(cost::Residual& residual) {
  round_list(residual.points, 4);
  round_list(residual.weights, 4);
  round_list(residual.held_out, 3);
  round_list(residual.low, 5);
  round_list(residual.high, 5);
  residual.typical_error = rounded(residual.typical_error, 3);
  residual.prior_error = rounded(residual.prior_error, 3);
  residual.growth = rounded(residual.growth, 3);
}

template <class Model>
void round_parameters(Model& model) {
  Parameters(model).change_values([](double value) { return rounded(value, 5); });
}

void round_errors(cost::FitErrors& errors) {
  for (double* error : {&errors.median, &errors.p90, &errors.bias, &errors.white_box_median}) {
    *error = rounded(*error, 3);
  }
}

std::map<std::string, std::vector<const Point*>> by_class(const std::vector<Point>& points) {
  std::map<std::string, std::vector<const Point*>> result;
  for (const Point& point : points) result[point.class_name].push_back(&point);
  return result;
}

cost::OperatorClass finish_operator(const ClassFit& fit, const cost::MemoryLevels& memory) {
  cost::OperatorClass c;
  c.name = fit.name;
  c.model = fit.model;
  std::visit([](auto& model) { round_parameters(model); }, c.model);
  c.points = static_cast<int>(fit.points.size());
  const ClassFit final_fit{fit.name, fit.points, c.model};
  ResidualData data;
  data.names = cost::feature_names(cost::parse_op(fit.name, ""));
  data.errors = log_errors(final_fit, memory);
  data.sensitivities = sensitivities(final_fit, memory, data.parameters);
  for (const Point* point : fit.points) {
    const cost::Op& op = std::get<cost::Op>(point->subject);
    data.features.push_back(cost::features(op, cost::footprint(op), point->conditions));
    data.noise.push_back(point->log_error);
  }
  c.residual = fit_residual(data);
  c.errors = fit_errors(c.residual.held_out, data.errors);
  round_residual(c.residual);
  round_errors(c.errors);
  return c;
}

cost::CollectiveClass finish_collective(const std::string& name, const std::vector<const Point*>& points,
                                        SecondsPerByte gamma) {
  cost::CollectiveClass c;
  c.name = name;
  c.points = static_cast<int>(points.size());
  c.ranks = std::get<cost::CollectiveCase>(points.front()->subject).ranks;
  c.model = fit_collective(points, gamma);
  for (cost::CollectiveRegime& regime : c.model.regimes) {
    regime.from_bytes = Bytes(std::round(regime.from_bytes.value()));
    regime.alpha = Seconds(rounded(regime.alpha.value(), 5));
    regime.beta = SecondsPerByte(rounded(regime.beta.value(), 5));
  }
  ResidualData data;
  data.names = {"bytes"};
  for (const Point* point : points) {
    const auto& collective = std::get<cost::CollectiveCase>(point->subject);
    cost::Features size;
    size.add(std::log(std::max(collective.bytes.value(), 1.0)));
    data.features.push_back(size);
    data.errors.push_back(std::log(point->seconds / c.model.seconds(collective)));
    data.noise.push_back(point->log_error);
  }
  c.residual = fit_residual(data);
  c.errors = fit_errors(c.residual.held_out, data.errors);
  round_residual(c.residual);
  round_errors(c.errors);
  return c;
}

/// What adding one byte of partial sums costs: the element-wise add of this machine on data of moderate size.
SecondsPerByte gamma_of(const std::vector<ClassFit>& rowwise, const cost::MemoryLevels& memory) {
  const cost::Op add = cost::Elementwise{cost::ElementwiseKind::add, 1, 65536};
  for (const ClassFit& fit : rowwise) {
    if (fit.name != "add") continue;
    const double time = cost::seconds(fit.model, add, cost::footprint(add), {}, memory);
    return SecondsPerByte(rounded(time / (4.0 * 65536.0), 4));
  }
  return SecondsPerByte(0.0);
}

void check_rows(const MeasurementFile& file, const std::string& place) {
  if (file.rows.empty()) throw ScenarioError(place, "no row has a time; nothing can be fitted");
  std::set<std::string> machines;
  for (const Measurement& row : file.rows) machines.insert(row.fingerprint_id);
  if (machines.size() > 1) {
    throw ScenarioError(place, "the rows come from " + std::to_string(machines.size()) +
                                   " machines (column \"fingerprint\"); a profile describes one");
  }
}

void describe(const MeasurementFile& file, cost::Profile& profile) {
  const Measurement& row = file.rows.front();
  profile.device = row.device;
  profile.backend = row.backend;
  profile.algorithm = row.algorithm;
  profile.date = file.date;
  profile.fingerprint_id = row.fingerprint_id;
  for (const auto& [name, value] : file.fingerprint) profile.fingerprint.push_back({name, value});
  profile.rows = static_cast<int>(file.rows.size());
}

}  // namespace

cost::Profile fit_profile(const MeasurementFile& table, const std::string& place) {
  MeasurementFile measurements = table;
  measurements.rows = measured_rows(table.rows);
  check_rows(measurements, place);
  const std::vector<Point> points = pool_points(measurements.rows);
  std::vector<ClassFit> rowwise, products;
  std::map<std::string, std::vector<const Point*>> collectives;
  for (const auto& [name, members] : by_class(points)) {
    if (std::holds_alternative<cost::CollectiveCase>(members.front()->subject)) {
      collectives[name] = members;
    } else if (members.size() >= kPointsLeast) {
      ClassFit fit{name, members, first_guess(name, members)};
      (std::holds_alternative<cost::RowwiseModel>(fit.model) ? rowwise : products).push_back(fit);
    }
  }
  if (rowwise.empty() && products.empty()) {
    throw ScenarioError(place, "no operator class has " + std::to_string(kPointsLeast) +
                                   " measured shapes; nothing can be fitted");
  }

  cost::Profile profile;
  describe(measurements, profile);
  fit_rowwise(rowwise, profile.memory);
  round_parameters(profile.memory);
  for (ClassFit& fit : products) fit_product(fit, profile.memory);
  for (const std::vector<ClassFit>* fits : {&products, &rowwise}) {
    for (const ClassFit& fit : *fits) profile.operators.push_back(finish_operator(fit, profile.memory));
  }
  std::sort(profile.operators.begin(), profile.operators.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  const SecondsPerByte gamma = gamma_of(rowwise, profile.memory);
  for (const auto& [name, members] : collectives) {
    profile.collectives.push_back(finish_collective(name, members, gamma));
  }
  profile.noise_probability.assign(kQuantileGrid.begin(), kQuantileGrid.end());
  profile.noise = noise_entries(measurements.rows);
  profile.anchors = condense_anchors(measurements.rows);
  for (cost::Anchor& anchor : profile.anchors) {
    anchor.median = Seconds(rounded(anchor.median.value(), 5));
    anchor.spread = rounded(anchor.spread, 3);
  }
  profile.drift = rounded(common_drift(profile.anchors), 3);
  return profile;
}

}  // namespace orrery::calibrate
