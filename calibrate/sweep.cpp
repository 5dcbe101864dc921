#include "calibrate/sweep.hpp"

#include <utility>

namespace orrery::calibrate {
namespace {

constexpr std::size_t kVisitsBetweenAnchors = 24;

/// Fisher and Yates.
template <class T>
void shuffle(std::vector<T>& items, RngStream random) {
  for (std::size_t i = items.size(); i > 1; --i) {
    std::swap(items[i - 1], items[static_cast<std::size_t>(random.below(i))]);
  }
}

}  // namespace

std::vector<AnchorCase> anchor_cases(int ranks, SweepTarget target) {
  const cost::Conditions hot{1, Bytes(0.0)};
  if (target == SweepTarget::gpu) {
    const cost::Gemm product{.m = 4096, .n = 4096, .k = 4096, .dtype = cost::DType::bf16};
    return {{"compute", cost::Op(product), hot},
            {"memory", cost::Op(cost::Copy{.elements = 1 << 26}), {1, Bytes(512.0 * 1024 * 1024)}},
            {"small", cost::Op(cost::Launch{.kernels = 16}), hot}};
  }
  const cost::Conditions cold{1, Bytes(64.0 * 1024 * 1024)};
  std::vector<AnchorCase> anchors{
      {"compute", cost::Op(cost::Gemm{.m = 256, .n = 256, .k = 256}), hot},
      {"memory", cost::Op(cost::Copy{.elements = 1 << 20}), cold},
      {"small", cost::Op(cost::Elementwise{cost::ElementwiseKind::add, 8, 64}), hot},
  };
  if (ranks > 1) {
    const cost::CollectiveCase all_reduce{cost::CollectiveKind::all_reduce, Bytes(1024.0 * 1024), ranks};
    anchors.push_back({"communication", all_reduce, {ranks, Bytes(0.0)}});
  }
  return anchors;
}

std::string anchor_aspect(const std::string& class_text) {
  for (const SweepTarget target : {SweepTarget::cpu, SweepTarget::gpu}) {
    for (const AnchorCase& anchor : anchor_cases(2, target)) {
      if (class_name(anchor.subject) == class_text) return anchor.aspect;
    }
  }
  return "";
}

std::vector<std::string> sweep_classes(SweepTarget target) {
  return target == SweepTarget::gpu ? gpu_sweep_classes() : cpu_sweep_classes();
}

std::vector<Visit> sweep_cases(const SweepOptions& options) {
  return options.target == SweepTarget::gpu ? gpu_sweep_cases(options) : cpu_sweep_cases(options);
}

std::vector<Visit> plan_sweep(const SweepOptions& options) {
  const std::vector<Visit> cases = sweep_cases(options);
  const std::vector<AnchorCase> anchors = anchor_cases(options.ranks, options.target);
  std::vector<Visit> plan;
  const auto add_anchors = [&](int round) {
    for (const AnchorCase& anchor : anchors) plan.push_back({anchor.subject, anchor.conditions, true, round});
  };
  for (int round = 0; round < options.rounds(); ++round) {
    std::vector<Visit> order = cases;
    const bool keeps_order = options.target == SweepTarget::gpu && round == 0;
    if (!keeps_order) shuffle(order, stream(options.seed, "sweep order", static_cast<std::uint64_t>(round)));
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (i % kVisitsBetweenAnchors == 0) add_anchors(round);
      order[i].round = round;
      plan.push_back(order[i]);
    }
  }
  add_anchors(options.rounds() - 1);
  return plan;
}

}  // namespace orrery::calibrate
