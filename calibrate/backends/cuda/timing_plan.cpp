#include "calibrate/backends/cuda/timing_plan.hpp"

#include <algorithm>
#include <cmath>
#include <variant>

namespace orrery::cuda {
namespace {

constexpr double kSampleSeconds = 200e-6;
constexpr double kArenaShare = 0.6;
constexpr std::size_t kArenaGrain = std::size_t{2} << 20;
constexpr std::size_t kWorkspaceLeast = std::size_t{256} << 20, kWorkspaceMost = std::size_t{2} << 30;

}  // namespace

Rotation plan_rotation(const RotationNeeds& needs) {
  const double touched = std::max(needs.touched, 1.0);
  const double wanted = 1.0 + std::round(needs.distance / touched);
  const double fitting = std::floor(needs.available / std::max(needs.allocated, 1.0));
  Rotation rotation;
  rotation.sets = static_cast<int>(std::min({wanted, fitting, static_cast<double>(kSetsMax)}));
  const double between = (rotation.sets - 1) * touched;
  rotation.flush = rotation.sets < wanted && needs.distance > needs.l2 && between < 2.0 * needs.l2;
  return rotation;
}

int calls_per_sample(Seconds one_call, const Rotation& rotation) {
  const double calls = std::round(kSampleSeconds / std::max(one_call.value(), 1e-9));
  const int most = rotation.flush ? std::clamp(rotation.sets, 1, kCallsMax) : kCallsMax;
  return static_cast<int>(std::clamp(calls, 1.0, static_cast<double>(most)));
}

bool is_held(const cost::Op& op) {
  if (std::holds_alternative<cost::Launch>(op)) return false;
  const auto* copy = std::get_if<cost::Copy>(&op);
  return copy == nullptr ||
         (copy->kind != cost::CopyKind::h2d_pageable && copy->kind != cost::CopyKind::d2h_pageable);
}

bool rotates(const cost::Op& op) {
  if (std::holds_alternative<cost::Launch>(op)) return false;
  const auto* copy = std::get_if<cost::Copy>(&op);
  return copy == nullptr || copy->kind == cost::CopyKind::device;
}

std::size_t workspace_bytes(std::size_t free_bytes) {
  return std::clamp(free_bytes / 32 / kArenaGrain * kArenaGrain, kWorkspaceLeast, kWorkspaceMost);
}

std::size_t arena_bytes(std::size_t free_bytes, std::size_t cap) {
  const auto share = static_cast<std::size_t>(kArenaShare * static_cast<double>(free_bytes));
  return std::min(share, cap) / kArenaGrain * kArenaGrain;
}

}  // namespace orrery::cuda
