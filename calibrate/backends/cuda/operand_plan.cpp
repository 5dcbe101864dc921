#include "calibrate/backends/cuda/operand_plan.hpp"

#include <fmt/core.h>

#include <cmath>
#include <string>

#include "sim/base/error.hpp"

namespace orrery::cuda {
namespace {

/// tf32 tensors are fp32 in memory.
cost::DType stored(cost::DType dtype) {
  return dtype == cost::DType::tf32 ? cost::DType::fp32 : dtype;
}

void check_operand(const calibrate::Composition& composition, const calibrate::CompositionStep& step,
                   const cost::Operand& operand, std::size_t tensor) {
  const auto refuse = [&](const std::string& problem) {
    throw ScenarioError(composition.name, fmt::format("operand {} of {}: {}", operand.role,
                                                      cost::class_name(step.op), problem));
  };
  if (tensor >= composition.tensors.size()) refuse(fmt::format("there is no tensor {}", tensor));
  const calibrate::CompositionTensor& t = composition.tensors[tensor];
  if (stored(t.dtype) != stored(operand.dtype)) {
    refuse(
        fmt::format("tensor {} is {}, expected {}", tensor, cost::name(t.dtype), cost::name(operand.dtype)));
  }
  if (t.elements < operand.elements) {
    refuse(fmt::format("tensor {} has {} elements, expected {}", tensor, t.elements, operand.elements));
  }
}

}  // namespace

Placement placement(const cost::Op& op, std::size_t index) {
  const auto* copy = std::get_if<cost::Copy>(&op);
  if (copy == nullptr) return Placement::device;
  using Kind = cost::CopyKind;
  const bool to_device = copy->kind == Kind::h2d || copy->kind == Kind::h2d_pageable;
  const bool on_host = copy->kind != Kind::device && (index == 0) == to_device;
  if (!on_host) return Placement::device;
  return copy->kind == Kind::h2d || copy->kind == Kind::d2h ? Placement::pinned : Placement::pageable;
}

FillRule fill_rule(const cost::Op& op, const cost::Operand& operand) {
  const std::string& role = operand.role;
  const auto* gemm = std::get_if<cost::Gemm>(&op);
  if (gemm != nullptr && role == "b" && gemm->dtype != cost::DType::fp8) {
    return {false, 1.0 / std::sqrt(static_cast<double>(gemm->k))};
  }
  const bool is_state =
      std::holds_alternative<cost::OptimizerStep>(op) && (role == "m" || role == "v" || role == "velocity");
  const bool is_probability = std::holds_alternative<cost::Softmax>(op) && role == "y";
  return {is_state || is_probability || role == "rstd" || role == "lse", 1.0};
}

std::vector<TensorPlan> plan_tensors(const calibrate::Composition& composition) {
  std::vector<TensorPlan> plans(composition.tensors.size());
  for (std::size_t s = 0; s < composition.steps.size(); ++s) {
    const calibrate::CompositionStep& step = composition.steps[s];
    const std::vector<cost::Operand> operands = cost::operands(step.op);
    if (operands.size() != step.operands.size()) {
      throw ScenarioError(composition.name,
                          fmt::format("{} has {} operands, expected {}", cost::class_name(step.op),
                                      step.operands.size(), operands.size()));
    }
    for (std::size_t i = 0; i < operands.size(); ++i) {
      const std::size_t tensor = step.operands[i];
      check_operand(composition, step, operands[i], tensor);
      const Placement place = placement(step.op, i);
      if (!plans[tensor].used) {
        plans[tensor] = {place, fill_rule(step.op, operands[i]), s, i, true};
      } else if (plans[tensor].placement != place) {
        throw ScenarioError(composition.name,
                            fmt::format("tensor {} is wanted on the host and on the device", tensor));
      }
    }
  }
  return plans;
}

}  // namespace orrery::cuda
