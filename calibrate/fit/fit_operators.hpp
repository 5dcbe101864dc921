// Fitting the white-box operator models: parameters that minimise the robust error of log time over the
// measured points. The row-wise classes are fitted together with the memory levels they share; then each
// class of matrix products for itself. Deterministic: several fixed starts, one thread.
#pragma once

#include <vector>

#include "calibrate/points.hpp"
#include "costmodel/operator_models.hpp"

namespace orrery::calibrate {

/// A class under fit: its points and its model, which holds the start and then the result.
struct ClassFit {
  std::string name;
  std::vector<const Point*> points;
  cost::OperatorModel model;
};

/// Start values from the points themselves, so that a fit works from microcontrollers to GPUs.
cost::OperatorModel first_guess(const std::string& class_name, const std::vector<const Point*>& points);

/// Fits the memory levels and all row-wise classes together; copy's traffic factor stays 1, which gives the
/// bandwidths their scale. Returns the robust cost.
double fit_rowwise(std::vector<ClassFit>& classes, cost::MemoryLevels& memory);
/// Fits one class of matrix products or of attention with the memory levels held fixed.
double fit_product(ClassFit& fit, const cost::MemoryLevels& memory);

/// log(measured / model) of each point.
std::vector<double> log_errors(const ClassFit& fit, const cost::MemoryLevels& memory);
/// d log(model) / d log(parameter), row-major by point: what the class's parameters can still move.
std::vector<double> sensitivities(const ClassFit& fit, const cost::MemoryLevels& memory, std::size_t& count);

}  // namespace orrery::calibrate
