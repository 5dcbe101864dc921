// Where operands live and what they hold, and that a composition that does not fit together is refused.
#include "calibrate/backends/cuda/operand_plan.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "calibrate/compositions.hpp"
#include "calibrate/number_format.hpp"
#include "sim/base/error.hpp"

using namespace orrery;
using cuda::Placement;

namespace {

/// The rule of the operand with this role.
cuda::FillRule rule_of(const cost::Op& op, const std::string& role) {
  for (const cost::Operand& operand : cost::operands(op)) {
    if (operand.role == role) return cuda::fill_rule(op, operand);
  }
  throw InternalError("no operand " + role);
}

/// c = a b, then y = c + c.
calibrate::Composition product_and_sum() {
  calibrate::Composition composition;
  composition.name = "test";
  composition.tensors = {{6}, {12}, {8}, {8}};
  composition.steps = {{cost::Gemm{2, 4, 3}, {0, 1, 2}},
                       {cost::Elementwise{cost::ElementwiseKind::add, 2, 4}, {2, 2, 3}}};
  return composition;
}

}  // namespace

TEST_CASE("only the host's end of a copy is outside the device") {
  using Kind = cost::CopyKind;
  const auto ends = [](Kind kind) {
    const cost::Copy copy{1, kind};
    return std::pair(cuda::placement(copy, 0), cuda::placement(copy, 1));
  };
  CHECK(ends(Kind::device) == std::pair(Placement::device, Placement::device));
  CHECK(ends(Kind::h2d) == std::pair(Placement::pinned, Placement::device));
  CHECK(ends(Kind::d2h) == std::pair(Placement::device, Placement::pinned));
  CHECK(ends(Kind::h2d_pageable) == std::pair(Placement::pageable, Placement::device));
  CHECK(ends(Kind::d2h_pageable) == std::pair(Placement::device, Placement::pageable));
  CHECK(cuda::placement(cost::Gemm{}, 0) == Placement::device);
}

TEST_CASE("what is under a square root or a probability is positive, other numbers have either sign") {
  cost::OptimizerStep adam{cost::OptimizerKind::adam, 5};
  CHECK(rule_of(adam, "v").positive);
  CHECK(rule_of(adam, "m").positive);
  CHECK_FALSE(rule_of(adam, "w").positive);
  CHECK_FALSE(rule_of(adam, "g").positive);
  const cost::LayerNorm backward{2, 3, cost::Pass::backward};
  CHECK(rule_of(backward, "rstd").positive);
  CHECK_FALSE(rule_of(backward, "mean").positive);
  cost::Attention attention;
  attention.pass = cost::Pass::backward;
  CHECK(rule_of(attention, "lse").positive);
}

TEST_CASE("b of a product is scaled with its depth, except in fp8, where it would become zero") {
  cost::Gemm gemm{2, 4, 256};
  for (const cost::DType dtype : {cost::DType::fp32, cost::DType::fp16, cost::DType::bf16}) {
    gemm.dtype = dtype;
    CHECK(rule_of(gemm, "b").scale == 1.0 / 16.0);
    CHECK(rule_of(gemm, "a").scale == 1.0);
    CHECK(rule_of(gemm, "c").scale == 1.0);
  }
  gemm.dtype = cost::DType::fp8;
  CHECK(rule_of(gemm, "b").scale == 1.0);
}

TEST_CASE("an fp16 sum that the largest results of scaled products are added to stays finite") {
  // Results are 0.37 in the mean square; the largest of 10^9 of them are six times that.
  for (const double result : {0.37, 6.0 * 0.37}) {
    float c = 1.0F;
    for (int call = 0; call < 100000; ++call) {
      c = calibrate::rounded(c + static_cast<float>(result), cost::DType::fp16);
    }
    CHECK(c < 10000.0F);
  }
}

TEST_CASE("tensors are planned by the first step that uses them") {
  const auto plans = cuda::plan_tensors(product_and_sum());
  REQUIRE(plans.size() == 4);
  CHECK(plans[0].fill.scale == 1.0);
  CHECK(plans[1].fill.scale == Approx(1.0 / std::sqrt(3.0)));  // weights of a product over k = 3
  CHECK(plans[2].placement == Placement::device);

  calibrate::Composition copy;
  copy.tensors = {{8}, {8}};
  copy.steps = {{cost::Copy{8, cost::CopyKind::h2d}, {0, 1}}};
  CHECK(cuda::plan_tensors(copy)[0].placement == Placement::pinned);
  CHECK(cuda::plan_tensors(copy)[1].placement == Placement::device);
}

TEST_CASE("a composition whose tensors do not fit its steps is refused") {
  using Catch::Contains;
  calibrate::Composition composition = product_and_sum();
  composition.steps[0].operands = {0, 1};
  CHECK_THROWS_WITH(cuda::plan_tensors(composition), Contains("has 2 operands, expected 3"));
  composition = product_and_sum();
  composition.steps[0].operands[1] = 9;
  CHECK_THROWS_WITH(cuda::plan_tensors(composition), Contains("operand b of gemm_nn: there is no tensor 9"));
  composition = product_and_sum();
  composition.tensors[1].elements = 11;
  CHECK_THROWS_WITH(cuda::plan_tensors(composition), Contains("tensor 1 has 11 elements, expected 12"));
  composition = product_and_sum();
  composition.tensors[1].dtype = cost::DType::bf16;
  CHECK_THROWS_WITH(cuda::plan_tensors(composition), Contains("tensor 1 is bf16, expected fp32"));
  composition = product_and_sum();
  composition.steps.push_back({cost::Copy{8, cost::CopyKind::d2h}, {1, 3}});
  CHECK_THROWS_AS(cuda::plan_tensors(composition), ScenarioError);
}

TEST_CASE("fp32 tensors serve operators in tf32") {
  calibrate::Composition composition = product_and_sum();
  composition.steps[0].op = cost::with_dtype(composition.steps[0].op, cost::DType::tf32);
  CHECK_NOTHROW(cuda::plan_tensors(composition));
}

TEST_CASE("every composition that is measured can be planned") {
  for (const calibrate::SweepTarget target : {calibrate::SweepTarget::cpu, calibrate::SweepTarget::gpu}) {
    for (const calibrate::Composition& composition : calibrate::measured_compositions(target)) {
      INFO(composition.name);
      const auto plans = cuda::plan_tensors(composition);
      for (std::size_t i = 0; i < plans.size(); ++i) {
        INFO("tensor " << i);
        CHECK(plans[i].used);
      }
    }
  }
}
