#include "calibrate/fit/fit_operators.hpp"

#include <ceres/ceres.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>

#include "calibrate/fit/parameters.hpp"
#include "sim/base/error.hpp"

namespace orrery::calibrate {
namespace {

/// A log error of this size counts once; beyond twice it, errors grow linearly instead of quadratically
/// (Huber), so that a visit in a slow moment of the machine does not bend the model.
constexpr double kErrorScale = 0.05;
/// Each log parameter is held near its first guess as if that were known to a factor e^2: too weak to matter
/// where the points speak, enough to keep parameters of absent regimes finite.
constexpr double kPriorSpread = 2.0;

const std::vector<std::string> kNoneFixed{};
const std::vector<std::string> kTilesFixed{"tile_m", "tile_n"};
const std::vector<std::string> kTrafficFixed{"traffic_factor"};

std::vector<std::string> fixed_parameters(const ClassFit& fit) {
  if (std::holds_alternative<cost::GemmModel>(fit.model)) return kTilesFixed;
  return fit.name == "copy" ? kTrafficFixed : kNoneFixed;
}

Parameters parameters_of(ClassFit& fit) {
  return std::visit([&](auto& model) { return Parameters(model, fixed_parameters(fit)); }, fit.model);
}

double model_seconds(const cost::OperatorModel& model, const Point& point, const cost::Footprint& footprint,
                     const cost::MemoryLevels& memory) {
  return cost::seconds(model, std::get<cost::Op>(point.subject), footprint, point.conditions, memory);
}

double model_seconds(const cost::OperatorModel& model, const Point& point, const cost::MemoryLevels& memory) {
  return model_seconds(model, point, cost::footprint(std::get<cost::Op>(point.subject)), memory);
}

/// Residual of one point as a function of two blocks: log parameters of the memory levels and of the class.
/// The parameter views write into scratch models that all points of a class share; Ceres runs on one thread.
class PointError {
 public:
  PointError(const Point& point, cost::MemoryLevels& memory, const Parameters& memory_view,
             cost::OperatorModel& model, const Parameters& model_view)
      : point_(point),
        footprint_(cost::footprint(std::get<cost::Op>(point.subject))),
        memory_(memory),
        memory_view_(memory_view),
        model_(model),
        model_view_(model_view) {}

  bool operator()(double const* const* blocks, double* residual) const {
    memory_view_.set_logs(blocks[0]);
    model_view_.set_logs(blocks[1]);
    const double error = std::log(point_.seconds / model_seconds(model_, point_, footprint_, memory_));
    residual[0] = error / std::hypot(kErrorScale, point_.log_error);
    return std::isfinite(residual[0]);
  }

 private:
  const Point& point_;
  cost::Footprint footprint_;
  cost::MemoryLevels& memory_;
  const Parameters& memory_view_;
  cost::OperatorModel& model_;
  const Parameters& model_view_;
};

struct Prior {
  double centre, weight;
  template <class T>
  bool operator()(const T* const* blocks, T* residual) const {
    residual[0] = (blocks[0][index] - T(centre)) * T(weight);
    return true;
  }
  std::size_t index;
};

/// One least-squares problem over a block of memory parameters and a block per class.
class Problem {
 public:
  Problem(std::vector<ClassFit*> classes, cost::MemoryLevels& memory, bool memory_is_free)
      : classes_(std::move(classes)),
        memory_(memory),
        memory_view_(memory),
        memory_logs_(memory_view_.logs()) {
    for (ClassFit* fit : classes_) views_.push_back(parameters_of(*fit));
    for (const Parameters& view : views_) logs_.push_back(view.logs());
    for (std::size_t c = 0; c < classes_.size(); ++c) add_points(c);
    add_prior_and_bounds(memory_view_, memory_logs_);
    for (std::size_t c = 0; c < classes_.size(); ++c) add_prior_and_bounds(views_[c], logs_[c]);
    if (!memory_is_free) problem_.SetParameterBlockConstant(memory_logs_.data());
  }

  double solve() {
    ceres::Solver::Options options;
    options.linear_solver_type = ceres::DENSE_QR;
    options.max_num_iterations = 60;
    options.function_tolerance = 1e-5;
    options.num_threads = 1;
    options.logging_type = ceres::SILENT;
    ceres::Solver::Summary summary;
    ceres::Solve(options, &problem_, &summary);
    memory_view_.set_logs(memory_logs_.data());
    for (std::size_t c = 0; c < classes_.size(); ++c) views_[c].set_logs(logs_[c].data());
    return summary.final_cost;
  }

 private:
  void add_points(std::size_t c) {
    for (const Point* point : classes_[c]->points) {
      auto* error = new_error(*point, c);
      error->AddParameterBlock(static_cast<int>(memory_logs_.size()));
      error->AddParameterBlock(static_cast<int>(logs_[c].size()));
      error->SetNumResiduals(1);
      problem_.AddResidualBlock(error, huber(), memory_logs_.data(), logs_[c].data());
    }
  }

  using NumericError = ceres::DynamicNumericDiffCostFunction<PointError, ceres::FORWARD>;
  NumericError* new_error(const Point& point, std::size_t c) {
    auto functor = std::make_unique<PointError>(point, memory_, memory_view_, classes_[c]->model, views_[c]);
    return std::make_unique<NumericError>(functor.release()).release();  // Ceres takes both over
  }
  static ceres::LossFunction* huber() { return std::make_unique<ceres::HuberLoss>(2.0).release(); }

  void add_prior_and_bounds(const Parameters& view, std::vector<double>& logs) {
    for (std::size_t i = 0; i < logs.size(); ++i) {
      using PriorCost = ceres::DynamicAutoDiffCostFunction<Prior>;
      auto functor = std::make_unique<Prior>(Prior{logs[i], 1.0 / kPriorSpread, i});
      auto cost = std::make_unique<PriorCost>(functor.release());
      cost->AddParameterBlock(static_cast<int>(logs.size()));
      cost->SetNumResiduals(1);
      problem_.AddResidualBlock(cost.release(), nullptr, logs.data());
      problem_.SetParameterLowerBound(logs.data(), static_cast<int>(i), view.log_low(i));
      problem_.SetParameterUpperBound(logs.data(), static_cast<int>(i), view.log_high(i));
    }
  }

  std::vector<ClassFit*> classes_;
  cost::MemoryLevels& memory_;
  Parameters memory_view_;
  std::vector<double> memory_logs_;
  std::vector<Parameters> views_;
  std::vector<std::vector<double>> logs_;
  ceres::Problem problem_;
};

/// Smallest of f over the points: a first idea of a rate.
template <class F>
double least(const std::vector<const Point*>& points, F f) {
  double best = std::numeric_limits<double>::infinity();
  for (const Point* point : points) best = std::min(best, f(*point));
  return best;
}

}  // namespace

cost::OperatorModel first_guess(const std::string& class_name, const std::vector<const Point*>& points) {
  const auto per = [](const Point& point, auto amount) {
    const cost::Op& op = std::get<cost::Op>(point.subject);
    return point.seconds / amount(op);
  };
  const double shortest = least(points, [](const Point& p) { return p.seconds; });
  if (std::holds_alternative<cost::Gemm>(cost::parse_op(class_name, ""))) {
    cost::GemmModel gemm;
    const double per_flop = least(points, [&](const Point& p) {
      return per(p, [](const cost::Op& op) { return cost::flops(op).value(); });
    });
    gemm.peak = FlopsPerSec(1.05 / per_flop);
    gemm.overhead = Seconds(0.5 * shortest);
    gemm.batch_overhead = Seconds(0.2 * shortest);
    gemm.pack_a = Seconds(10.0 * per_flop);
    gemm.pack_b = Seconds(10.0 * per_flop);
    return gemm;
  }
  if (std::holds_alternative<cost::Attention>(cost::parse_op(class_name, ""))) {
    cost::AttentionModel attention;
    const double per_flop = least(points, [&](const Point& p) {
      return per(p, [](const cost::Op& op) { return cost::flops(op).value(); });
    });
    attention.peak = FlopsPerSec(1.1 / per_flop);
    attention.overhead = Seconds(0.5 * shortest);
    attention.tile_time = Seconds(1e5 * per_flop);
    return attention;
  }
  cost::RowwiseModel rowwise;
  const double per_element = least(points, [&](const Point& p) {
    return per(p, [](const cost::Op& op) { return cost::footprint(op).elements; });
  });
  rowwise.element_time = Seconds(0.7 * per_element);
  rowwise.overhead = Seconds(0.3 * shortest);
  rowwise.row_overhead = Seconds(10.0 * per_element);
  rowwise.tail_time = Seconds(3.0 * per_element);
  return rowwise;
}

double fit_rowwise(std::vector<ClassFit>& classes, cost::MemoryLevels& memory) {
  // Bandwidths of the first guess from the fastest copies; the levels are told apart by the fit.
  double best_cost = std::numeric_limits<double>::infinity();
  const std::vector<ClassFit> start = classes;
  const cost::MemoryLevels memory_start = memory;
  std::vector<ClassFit> best = classes;
  cost::MemoryLevels best_memory = memory;
  for (const double factor : {1.0, 0.4, 2.5}) {
    classes = start;
    memory = memory_start;
    memory.l2_bandwidth *= factor;
    memory.l3_bandwidth *= factor;
    memory.memory_bandwidth *= factor;
    std::vector<ClassFit*> pointers;
    for (ClassFit& fit : classes) pointers.push_back(&fit);
    const double cost = Problem(pointers, memory, true).solve();
    if (cost < best_cost) {
      best_cost = cost;
      best = classes;
      best_memory = memory;
    }
  }
  classes = std::move(best);
  memory = best_memory;
  return best_cost;
}

namespace {

double solve_alone(ClassFit& fit, const cost::MemoryLevels& memory) {
  cost::MemoryLevels scratch = memory;
  return Problem({&fit}, scratch, false).solve();
}

/// Keeps whichever start leads to the smallest error.
template <class Starts>
double best_of(ClassFit& fit, const cost::MemoryLevels& memory, const Starts& starts) {
  double best_cost = std::numeric_limits<double>::infinity();
  cost::OperatorModel best = fit.model;
  for (const cost::OperatorModel& start : starts) {
    fit.model = start;
    const double cost = solve_alone(fit, memory);
    if (cost < best_cost) {
      best_cost = cost;
      best = fit.model;
    }
  }
  fit.model = best;
  return best_cost;
}

/// Register tiles of CPU kernels (AVX2, AVX-512, SSE, their transposes), thread block tiles of GPU kernels,
/// and none.
std::vector<cost::OperatorModel> tiled(const cost::GemmModel& start) {
  constexpr std::array<std::pair<double, double>, 14> tiles{{{1, 1},
                                                             {1, 16},
                                                             {4, 16},
                                                             {6, 16},
                                                             {8, 16},
                                                             {8, 32},
                                                             {8, 48},
                                                             {48, 8},
                                                             {16, 4},
                                                             {64, 64},
                                                             {64, 128},
                                                             {128, 64},
                                                             {128, 128},
                                                             {128, 256}}};
  std::vector<cost::OperatorModel> models;
  for (const auto& [tile_m, tile_n] : tiles) {
    cost::GemmModel model = start;
    model.tile_m = tile_m;
    model.tile_n = tile_n;
    models.emplace_back(model);
  }
  return models;
}

}  // namespace

double fit_product(ClassFit& fit, const cost::MemoryLevels& memory) {
  if (const auto* gemm = std::get_if<cost::GemmModel>(&fit.model)) return best_of(fit, memory, tiled(*gemm));
  std::vector<cost::OperatorModel> starts;
  for (const double overlap : {1.5, 4.0}) {
    auto attention = std::get<cost::AttentionModel>(fit.model);
    attention.overlap = overlap;
    starts.emplace_back(attention);
  }
  return best_of(fit, memory, starts);
}

std::vector<double> log_errors(const ClassFit& fit, const cost::MemoryLevels& memory) {
  std::vector<double> errors;
  for (const Point* point : fit.points) {
    errors.push_back(std::log(point->seconds / model_seconds(fit.model, *point, memory)));
  }
  return errors;
}

std::vector<double> sensitivities(const ClassFit& fit, const cost::MemoryLevels& memory, std::size_t& count) {
  ClassFit scratch = fit;
  const Parameters view = parameters_of(scratch);
  const std::vector<double> centre = view.logs();
  count = view.count();
  std::vector<double> result(fit.points.size() * count);
  constexpr double kStep = 1e-4;
  for (std::size_t p = 0; p < count; ++p) {
    std::vector<double> moved = centre;
    moved[p] += kStep;
    view.set_logs(moved.data());
    for (std::size_t i = 0; i < fit.points.size(); ++i) {
      const double ratio = model_seconds(scratch.model, *fit.points[i], memory) /
                           model_seconds(fit.model, *fit.points[i], memory);
      result[i * count + p] = std::log(ratio) / kStep;
    }
  }
  return result;
}

}  // namespace orrery::calibrate
