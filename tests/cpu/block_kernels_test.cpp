// The kernels of today's transformer blocks beside attention: epilogues of products, root-mean-square
// normalisation, SwiGLU, rotary embedding; and casts, launches and the products' plain loops.
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "calibrate/backends/cpu/kernels/compute.hpp"
#include "calibrate/backends/cpu/kernels/kernels.hpp"
#include "calibrate/backends/cpu/products/loops/plain_gemm.hpp"
#include "calibrate/number_format.hpp"
#include "sim/base/error.hpp"
#include "tests/cpu/attention_reference.hpp"
#include "tests/cpu/run_kernel.hpp"

using namespace orrery;
using namespace orrery::cpu_reference;

TEST_CASE("a product's epilogue adds the bias to each row, then applies the GELU") {
  for (int flags = 0; flags < 8; ++flags) {
    const cost::Gemm op{.m = 5,
                        .n = 11,
                        .k = 7,
                        .batch = 2,
                        .trans_a = (flags & 1) != 0,
                        .accumulate = (flags & 2) != 0,
                        .bias = true,
                        .gelu = (flags & 4) != 0};
    const Reals a = random_reals(op.batch * op.m * op.k, "a");
    const Reals b = random_reals(op.batch * op.k * op.n, "b");
    const Reals c = random_reals(op.batch * op.m * op.n, "c");
    const Reals bias = random_reals(op.n, "bias");
    Reals want = gemm(op, a, b, c);
    for (std::size_t i = 0; i < want.size(); ++i) want[i] += bias[i % bias.size()];
    if (op.gelu) want = gelu(want);
    INFO("flags " << flags);
    check_close(run_kernel(op, {a, b, op.accumulate ? c : not_a_number(110), bias})[2], want, 1e-5);
  }
}

TEST_CASE("plain loops give oneDNN's products for all transpositions, batches and accumulation") {
  // Beyond one block of 64 rows and 256 columns, and rows that four do not divide.
  const auto dims =
      GENERATE(std::vector<std::int64_t>{1, 1, 1, 1}, std::vector<std::int64_t>{7, 300, 130, 2},
               std::vector<std::int64_t>{33, 17, 65, 1}, std::vector<std::int64_t>{4, 256, 64, 3});
  for (int flags = 0; flags < 8; ++flags) {
    const cost::Gemm op{dims[0],          dims[1],          dims[2],         dims[3],
                        (flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0};
    const Reals a = random_reals(op.batch * op.m * op.k, "a");
    const Reals b = random_reals(op.batch * op.k * op.n, "b");
    const Reals c =
        op.accumulate ? random_reals(op.batch * op.m * op.n, "c") : not_a_number(op.batch * op.m * op.n);
    const std::vector<float> a32(a.begin(), a.end());
    const std::vector<float> b32(b.begin(), b.end());
    std::vector<float> c32(c.begin(), c.end());
    cpu::plain_gemm(op, a32.data(), b32.data(), c32.data());
    INFO(cost::class_name(op) << " " << cost::shape_text(op));
    check_close(Reals(c32.begin(), c32.end()), run_kernel(op, {a, b, c})[2], 1e-5);
  }
}

TEST_CASE("root-mean-square normalisation and its gradients") {
  const cost::RmsNorm op = GENERATE(cost::RmsNorm{1, 1}, cost::RmsNorm{5, 7}, cost::RmsNorm{3, 67});
  const std::int64_t size = op.rows * op.cols;
  const Reals x = random_reals(size, "x", -3.0, 3.0);
  const Reals gamma = random_reals(op.cols, "gamma");
  const Reals dy = random_reals(size, "dy");
  const auto out = run_kernel(op, {x, gamma, not_a_number(size), not_a_number(op.rows)});
  check_close(out[2], rms_norm(op, x, gamma), 1e-6);
  // x rstd has mean square 1, up to epsilon.
  for (std::int64_t r = 0; r < op.rows; ++r) {
    double square = 0.0;
    for (std::int64_t i = r * op.cols; i < (r + 1) * op.cols; ++i)
      square += std::pow(x[static_cast<std::size_t>(i)], 2);
    const double rstd = out[3][static_cast<std::size_t>(r)];
    CHECK(rstd * rstd * (square / static_cast<double>(op.cols) + 1e-5) == Approx(1.0).epsilon(1e-5));
  }
  cost::RmsNorm back = op;
  back.pass = cost::Pass::backward;
  const auto gradients = run_kernel(back, {x, gamma, out[3], dy, not_a_number(size), not_a_number(op.cols)});
  const auto loss = [&](const Reals& v, const Reals& g) { return dot(dy, rms_norm(op, v, g)); };
  check_close(gradients[4], finite_differences([&](const Reals& v) { return loss(v, gamma); }, x), 2e-5);
  check_close(gradients[5], finite_differences([&](const Reals& g) { return loss(x, g); }, gamma), 1e-5);
}

TEST_CASE("SwiGLU and its gradients") {
  const cost::Elementwise op{cost::ElementwiseKind::swiglu_forward, 3, 13};
  const Reals gate = random_reals(39, "gate", -6.0, 6.0);
  const Reals up = random_reals(39, "up");
  const Reals dy = random_reals(39, "dy");
  check_close(run_kernel(op, {gate, up, not_a_number(39)})[2], swiglu(gate, up), 1e-6);
  const cost::Elementwise back{cost::ElementwiseKind::swiglu_backward, 3, 13};
  const auto out = run_kernel(back, {gate, up, dy, not_a_number(39), not_a_number(39)});
  check_close(out[3], finite_differences([&](const Reals& g) { return dot(dy, swiglu(g, up)); }, gate), 5e-6);
  check_close(out[4], finite_differences([&](const Reals& u) { return dot(dy, swiglu(gate, u)); }, up), 5e-6);
}

TEST_CASE("rotary embedding turns pairs by their position, and backward turns them back") {
  const cost::Rotary op = GENERATE(cost::Rotary{1, 1, 2}, cost::Rotary{5, 3, 10}, cost::Rotary{7, 2, 64});
  const Reals x = random_reals(op.tokens * op.heads * op.head_dim, "x");
  Reals positions;
  for (std::int64_t t = 0; t < op.tokens; ++t) positions.push_back(static_cast<double>(t * t * 1000 + t));
  const Reals turned = run_kernel(op, {x, positions})[0];
  check_close(turned, rotary(op, x, positions), 1e-6);
  cost::Rotary back = op;
  back.pass = cost::Pass::backward;
  check_close(run_kernel(back, {turned, positions})[0], x, 1e-6);
  // Scores depend on distances alone: the product of two turned vectors is that of one turned by the
  // difference.
  if (op.tokens > 4) {
    const Reals first(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(op.head_dim));
    const cost::Rotary one{1, 1, op.head_dim};
    const Reals at_9 = run_kernel(one, {first, {9.0}})[0];
    const Reals at_4 = run_kernel(one, {first, {4.0}})[0];
    CHECK(dot(at_9, at_4) == Approx(dot(run_kernel(one, {first, {5.0}})[0], first)).margin(1e-5));
  }
}

TEST_CASE("a cast reads and writes the memory formats of its two types") {
  const std::vector<float> x = GENERATE(std::vector<float>{1.00390625F, -3.14159F, 1e-3F, 300.0F, 0.0F},
                                        std::vector<float>(10001, 0.7F));
  for (const cost::DType to : {cost::DType::bf16, cost::DType::fp16, cost::DType::fp8}) {
    const auto count = static_cast<std::int64_t>(x.size());
    calibrate::OperandValues values{x, std::vector<float>(x.size(), NAN)};
    cpu::compute(cost::Cast{count, cost::DType::fp32, to}, values);
    std::vector<float> want;
    for (const float v : x) want.push_back(calibrate::rounded(v, to));
    CHECK(values[1] == want);
    calibrate::OperandValues back{want, std::vector<float>(x.size(), NAN)};
    cpu::compute(cost::Cast{count, to, cost::DType::fp32}, back);
    CHECK(back[1] == want);
  }
}

TEST_CASE("every kernel of a launch adds one") {
  CHECK(run_kernel(cost::Launch{7}, {{0.5}})[0][0] == 7.5);
  CHECK(run_kernel(cost::Launch{3, true}, {{0.0}})[0][0] == 3.0);
}

TEST_CASE("a copy copies, whatever the way it stands for") {
  for (const auto kind : {cost::CopyKind::device, cost::CopyKind::h2d, cost::CopyKind::d2h_pageable}) {
    CHECK(run_kernel(cost::Copy{3, kind}, {{1.0, 2.0, 3.0}, zeros(3)})[1] == Reals{1.0, 2.0, 3.0});
  }
}

TEST_CASE("a CPU kernel asked for another type than fp32 is our own mistake") {
  calibrate::OperandValues values{{1.0F}, {1.0F}, {1.0F}};
  CHECK_THROWS_AS(cpu::compute(cost::Gemm{.dtype = cost::DType::bf16}, values), InternalError);
  CHECK_FALSE(cpu::has_kernel(cost::Gemm{.dtype = cost::DType::tf32}));
  CHECK_FALSE(cpu::has_kernel(cost::Copy{1, cost::CopyKind::h2d}));
  CHECK_FALSE(cpu::has_kernel(cost::Launch{1, true}));
  CHECK(cpu::has_kernel(cost::Cast{}));
}
