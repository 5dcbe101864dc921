#include "calibrate/backends/cuda/operand_plan.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/base/rng.hpp"

namespace orrery::cuda {
namespace {

std::int64_t index_bound(const cost::Op& op) {
  if (const auto* embedding = std::get_if<cost::Embedding>(&op)) return embedding->vocab;
  if (const auto* loss = std::get_if<cost::CrossEntropy>(&op)) return loss->classes;
  if (const auto* rotary = std::get_if<cost::Rotary>(&op)) return rotary->tokens;
  return 1;
}

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

FillRule rule_in_composition(const cost::Op& op, const cost::Operand& operand) {
  FillRule rule = fill_rule(op, operand);
  const auto* gemm = std::get_if<cost::Gemm>(&op);
  if (gemm != nullptr && operand.role == "b") rule.scale = 1.0 / std::sqrt(static_cast<double>(gemm->k));
  return rule;
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
  if (operand.dtype == cost::DType::int32) {
    if (const auto* decode = std::get_if<cost::AttentionDecode>(&op)) {
      if (role == "table") return {Content::permutation, 1.0, operand.elements};
      return {Content::constant, static_cast<double>(decode->context), 0};
    }
    return {Content::indices, 1.0, index_bound(op)};
  }
  if (const auto* attention = std::get_if<cost::Attention>(&op); attention != nullptr && role == "lse") {
    return {Content::constant, std::log(static_cast<double>(attention->kv_len)), 0};
  }
  const auto* step = std::get_if<cost::OptimizerStep>(&op);
  const auto* softmax = std::get_if<cost::Softmax>(&op);
  const bool positive = (step != nullptr && (role == "m" || role == "v" || role == "velocity")) ||
                        (softmax != nullptr && role == "y") || role == "rstd";
  return {positive ? Content::positive_numbers : Content::signed_numbers, 1.0, 0};
}

std::vector<float> host_contents(const FillRule& rule, std::int64_t count) {
  std::vector<float> values(static_cast<std::size_t>(count), static_cast<float>(rule.scale));
  if (rule.content == Content::constant) return values;
  SIM_ASSERT(rule.content == Content::permutation, "other contents are made on the device");
  std::iota(values.begin(), values.end(), 0.0F);
  RngStream draws = stream(Seed{1}, "calibrate/permutation");
  for (std::size_t i = values.size(); i > 1; --i) {
    std::swap(values[i - 1], values[static_cast<std::size_t>(draws.below(i))]);
  }
  return values;
}

std::vector<TensorPlan> plan_tensors(const calibrate::Composition& composition) {
  std::vector<TensorPlan> plans(composition.tensors.size());
  std::vector<bool> is_planned(plans.size(), false);
  for (const calibrate::CompositionStep& step : composition.steps) {
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
      if (!is_planned[tensor]) {
        plans[tensor] = {place, rule_in_composition(step.op, operands[i])};
        is_planned[tensor] = true;
      } else if (plans[tensor].placement != place) {
        throw ScenarioError(composition.name,
                            fmt::format("tensor {} is wanted on the host and on the device", tensor));
      }
    }
  }
  return plans;
}

}  // namespace orrery::cuda
