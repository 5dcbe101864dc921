// Checks before timing: a backend that rounds as its types demand passes for every class and type, and each
// planted fault is caught. The CPU's kernels are the reference, as in a real run.
#include "calibrate/check.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <string>

#include "calibrate/backends/cpu/kernels/compute.hpp"
#include "calibrate/number_format.hpp"
#include "sim/base/error.hpp"

using namespace orrery;
using calibrate::CheckResult;
using calibrate::OperandValues;
using cost::DType;

namespace {

/// What a device does: operands are stored in their types, products in tf32 shorten their factors, sums are
/// fp32, results are rounded once.
void round_trip(const cost::Op& op, OperandValues& values) {
  if (!cost::has_dtype(op)) return cpu::compute(op, values);
  const std::vector<cost::Operand> operands = cost::operands(op);
  const bool product = std::holds_alternative<cost::Gemm>(op);
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const bool factor = product && i < 2;
    if (operands[i].dtype == DType::tf32 && !factor) continue;
    for (float& v : values[i]) v = calibrate::rounded(v, operands[i].dtype);
  }
  const cost::Op wide = cost::with_dtype(op, DType::fp32);
  OperandValues inner(values.begin(),
                      values.begin() + static_cast<std::ptrdiff_t>(cost::operands(wide).size()));
  cpu::compute(wide, inner);
  if (inner.size() < values.size()) inner.push_back(inner.front());
  for (std::size_t i = 0; i < operands.size(); ++i) {
    if (operands[i].access == cost::Access::read) continue;
    values[i] = inner[i];
    if (operands[i].dtype == DType::tf32) continue;
    for (float& v : values[i]) v = calibrate::rounded(v, operands[i].dtype);
  }
}

using Kernel = std::function<void(const cost::Op&, OperandValues&)>;

/// Only computes.
class ComputingBackend : public calibrate::Backend {
 public:
  explicit ComputingBackend(Kernel kernel) : kernel_(std::move(kernel)) {}
  std::string name() const override { return "computing"; }
  calibrate::Fingerprint fingerprint() const override { return {}; }
  int ranks() const override { return 1; }
  int rank() const override { return 0; }
  bool supports(const cost::Op&) const override { return true; }
  void compute(const cost::Op& op, OperandValues& values) override { kernel_(op, values); }
  std::unique_ptr<calibrate::TimedOp> prepare(const cost::Op&, const cost::Conditions&) override {
    return {};
  }
  std::unique_ptr<calibrate::TimedOp> prepare(const cost::CollectiveCase&) override { return {}; }
  std::unique_ptr<calibrate::TimedOp> prepare(const calibrate::Composition&) override { return {}; }
  void barrier() override {}
  double max_over_ranks(double value) override { return value; }

 private:
  Kernel kernel_;
};

CheckResult check(const Kernel& kernel, const cost::Op& op) {
  ComputingBackend backend(kernel);
  return calibrate::check_operator(backend, op, Seed{11}, cpu::compute);
}

/// The right result, then spoiled.
template <class Spoil>
Kernel spoiled(Spoil spoil) {
  return [spoil](const cost::Op& op, OperandValues& values) {
    const OperandValues before = values;
    round_trip(op, values);
    const std::vector<cost::Operand> operands = cost::operands(op);
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (operands[i].access != cost::Access::read) spoil(values[i], before[i]);
    }
  };
}

std::vector<cost::Op> in_all_types(const std::string& name) {
  const cost::Op op = cost::parse_op(name, "");
  if (!cost::has_dtype(op)) return {op};
  std::vector<cost::Op> result;
  for (const DType dtype : {DType::fp32, DType::tf32, DType::fp16, DType::bf16}) {
    result.push_back(cost::with_dtype(op, dtype));
  }
  if (std::holds_alternative<cost::Gemm>(op)) result.push_back(cost::with_dtype(op, DType::fp8));
  return result;
}

/// Checks every shape of every class and type; `wanted` is whether they should pass.
void check_everything(const Kernel& kernel, bool wanted) {
  for (const std::string& name : cost::class_names()) {
    for (const cost::Op& representative : in_all_types(name)) {
      for (const cost::Op& op : calibrate::check_shapes(representative)) {
        const CheckResult result = check(kernel, op);
        INFO(result.text);
        CHECK(result.ok == wanted);
        CHECK_FALSE(result.refused);
      }
    }
  }
}

}  // namespace

TEST_CASE("a backend that rounds as its types demand passes for every class, type and shape") {
  check_everything(round_trip, true);
}

TEST_CASE("a result that is 2 % too large is caught for every class, type and shape") {
  check_everything(spoiled([](std::vector<float>& out, const std::vector<float>&) {
                     for (float& v : out) v *= 1.02F;
                   }),
                   false);
}

TEST_CASE("an element that is never written is caught and named") {
  const auto forgets_last =
      spoiled([](std::vector<float>& out, const std::vector<float>& before) { out.back() = before.back(); });
  const CheckResult result = check(forgets_last, cost::RmsNorm{5, 37, cost::Pass::backward, DType::bf16});
  CHECK_FALSE(result.ok);
  CHECK(result.text.find("1 of 185 elements not written or not a number, the first is 184") !=
        std::string::npos);
  CHECK(std::isinf(result.error));
  const auto infinite =
      spoiled([](std::vector<float>& out, const std::vector<float>&) { out[0] = INFINITY; });
  CHECK_FALSE(check(infinite, cost::Softmax{5, 37}).ok);
}

TEST_CASE("an output that is shifted by one element is caught") {
  const auto shifted = spoiled([](std::vector<float>& out, const std::vector<float>&) {
    std::rotate(out.begin(), out.begin() + 1, out.end());
  });
  for (const char* name :
       {"gemm_nn_bf16", "softmax_forward_fp16", "copy", "transpose_bf16", "attention_forward_bf16",
        "rotary_forward_bf16", "cast_fp32_bf16", "adam", "embedding_backward"}) {
    for (const cost::Op& op : calibrate::check_shapes(cost::parse_op(name, ""))) {
      const CheckResult result = check(shifted, op);
      INFO(result.text);
      CHECK_FALSE(result.ok);
    }
  }
}

TEST_CASE("a factor that is read transposed is caught") {
  const auto transposed = [](const cost::Op& op, OperandValues& values) {
    cost::Gemm wrong = std::get<cost::Gemm>(op);
    wrong.trans_b = !wrong.trans_b;
    round_trip(wrong, values);
  };
  for (const char* name : {"gemm_nn", "gemm_nt_bf16", "gemm_nt_fp8", "gemm_tn_fp16"}) {
    for (const cost::Op& op : calibrate::check_shapes(cost::parse_op(name, "")))
      CHECK_FALSE(check(transposed, op).ok);
  }
}

TEST_CASE("tf32 where fp32 was asked for is caught, and is right where it was asked for") {
  const auto sneaky = [](const cost::Op& op, OperandValues& values) {
    round_trip(cost::with_dtype(op, DType::tf32), values);
  };
  for (const cost::Op& op : calibrate::check_shapes(cost::Gemm{.trans_b = true})) {
    const CheckResult result = check(sneaky, op);
    INFO(result.text);
    const bool loose = std::get<cost::Gemm>(op).gelu;  // a hardware tanh is allowed to be as coarse
    CHECK(result.ok == loose);
    CHECK(check(sneaky, cost::with_dtype(op, DType::tf32)).ok);
  }
}

TEST_CASE("sums kept in a short type are caught") {
  const DType dtype = GENERATE(DType::bf16, DType::fp16);
  // One product with every partial sum rounded to the type.
  const auto short_sums = [dtype](const cost::Op& op, OperandValues& values) {
    const cost::Gemm& g = std::get<cost::Gemm>(op);
    for (std::int64_t i = 0; i < g.m; ++i) {
      for (std::int64_t j = 0; j < g.n; ++j) {
        float sum = 0.0F;
        for (std::int64_t l = 0; l < g.k; ++l) {
          const float a = values[0][static_cast<std::size_t>(i * g.k + l)];
          const float b = values[1][static_cast<std::size_t>(l * g.n + j)];
          sum = calibrate::rounded(sum + a * b, dtype);
        }
        values[2][static_cast<std::size_t>(i * g.n + j)] = sum;
      }
    }
  };
  const cost::Op op = calibrate::check_shapes(cost::Gemm{.dtype = dtype}).front();
  const CheckResult result = check(short_sums, op);
  INFO(result.text);
  CHECK_FALSE(result.ok);
  CHECK(result.operand == "c");
  // The same for column sums, whose result is fp32.
  const auto short_columns = [dtype](const cost::Op&, OperandValues& values) {
    std::fill(values[1].begin(), values[1].end(), 0.0F);
    for (std::size_t i = 0; i < values[0].size(); ++i) {
      float& sum = values[1][i % values[1].size()];
      sum = calibrate::rounded(sum + values[0][i], dtype);
    }
  };
  CHECK_FALSE(
      check(short_columns, cost::Elementwise{cost::ElementwiseKind::bias_gradient, 64, 256, dtype}).ok);
}

TEST_CASE("a causal mask on the wrong corner is caught") {
  const auto top_left = [](const cost::Op& op, OperandValues& values) {
    cost::Attention square = std::get<cost::Attention>(op);
    const cost::Attention asked = square;
    square.kv_len = square.q_len;  // query i sees keys 0 .. i
    const auto used = static_cast<std::size_t>(square.kv_len * square.kv_heads * square.head_dim);
    OperandValues inner = values;
    inner[1].resize(used);
    inner[2].resize(used);
    round_trip(square, inner);
    values[3] = inner[3];
    values[4] = inner[4];
    CHECK(asked.kv_len > square.kv_len);
  };
  const CheckResult result =
      check(top_left, cost::Attention{1, 3, 1, 37, 85, 64, true, cost::Pass::forward, DType::bf16});
  INFO(result.text);
  CHECK_FALSE(result.ok);
}

TEST_CASE("an optimizer that steps 2 % too far, or not at all, is caught") {
  const auto kind =
      GENERATE(cost::OptimizerKind::sgd, cost::OptimizerKind::momentum, cost::OptimizerKind::adam);
  const DType dtype = GENERATE(DType::fp32, DType::bf16);
  const cost::OptimizerStep op{kind, 4096, dtype};
  const auto too_far = spoiled([](std::vector<float>& out, const std::vector<float>& before) {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] += 0.02F * (out[i] - before[i]);
  });
  const auto still = spoiled([](std::vector<float>& out, const std::vector<float>& before) { out = before; });
  CHECK_FALSE(check(too_far, op).ok);
  CHECK_FALSE(check(still, op).ok);
  CHECK(check(round_trip, op).ok);
}

TEST_CASE("a backend that refuses costs the one operator, and its words stand in the result") {
  const CheckResult result = check(
      [](const cost::Op&, OperandValues&) { throw BackendError("cublasLtMatmul: code 15"); }, cost::Gemm{});
  CHECK_FALSE(result.ok);
  CHECK(result.refused);
  CHECK(result.text.find("gemm_nn m=1 n=1 k=1 batch=1: cublasLtMatmul: code 15") == 0);
}

TEST_CASE("the distance is norm-wise, and one wrong element among many shows") {
  const std::vector<float> want(10000, 1.0F);
  std::vector<float> got(10000, 1.01F);
  CHECK(calibrate::distance(got, want, 100.0) == Approx(0.01).epsilon(1e-3));
  got = want;
  got[77] = 1.9F;  // 0.009 of the norm, 0.1 of 8 root mean squares plus itself
  CHECK(calibrate::distance(got, want, 100.0) == Approx(0.1).epsilon(1e-3));
  CHECK(calibrate::distance(want, want, 100.0) == 0.0);
  got[0] = INFINITY;
  CHECK(std::isinf(calibrate::distance(got, want, 100.0)));
  CHECK(std::isinf(calibrate::distance(got, std::vector<float>(10000, 0.0F), 0.0)));
}
