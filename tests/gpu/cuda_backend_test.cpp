// The backend on a real device: operators whose results are exact, every class timed hot and cold,
// compositions. (All other results are held against the CPU by calibrate/check.hpp.)
#include "calibrate/backends/cuda/cuda_backend.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <string>
#include <vector>

#include "calibrate/number_format.hpp"
#include "sim/base/error.hpp"
#include "tests/cuda_host/scripted_host.hpp"
#include "tests/gpu/device.hpp"

using namespace orrery;
using namespace orrery::literals;
using Values = calibrate::OperandValues;

namespace {

struct Bench {
  test::ScriptedHost alone{0, 1};
  cuda::CudaBackend backend{alone, options()};
  static cuda::CudaOptions options() {
    cuda::CudaOptions options;
    options.arena_cap = std::size_t{1} << 30;
    return options;
  }
};

/// 0, 1/4, 2/4, ... with a period that short types hold exactly.
std::vector<float> steps(std::size_t count) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = 0.25F * static_cast<float>(i % 61);
  return values;
}

}  // namespace

TEST_CASE("launches add 1 each, one by one and as a graph") {
  if (!test::device_answers()) return;
  Bench bench;
  for (const bool graph : {false, true}) {
    Values values{{3.0F}};
    bench.backend.compute(cost::Launch{17, graph}, values);
    CHECK(values[0][0] == 20.0F);
  }
}

TEST_CASE("copies of all kinds move every number") {
  if (!test::device_answers()) return;
  Bench bench;
  using Kind = cost::CopyKind;
  for (const Kind kind : {Kind::device, Kind::h2d, Kind::d2h, Kind::h2d_pageable, Kind::d2h_pageable}) {
    Values values{steps(10007), std::vector<float>(10007, NAN)};
    bench.backend.compute(cost::Copy{10007, kind}, values);
    CHECK(values[1] == values[0]);
  }
}

TEST_CASE("casts round as the number formats say") {
  if (!test::device_answers()) return;
  Bench bench;
  std::vector<float> x(1003);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<float>(i)) * 500.0F;
  for (const cost::DType to : {cost::DType::fp16, cost::DType::bf16, cost::DType::fp8, cost::DType::fp32}) {
    INFO(cost::name(to));
    Values values{x, std::vector<float>(x.size(), NAN)};
    bench.backend.compute(cost::Cast{1003, cost::DType::fp32, to}, values);
    std::vector<float> expected;
    for (const float v : x) expected.push_back(calibrate::rounded(v, to));
    CHECK(values[1] == expected);
  }
}

TEST_CASE("transposes exchange rows and columns, with runs of any length") {
  if (!test::device_answers()) return;
  Bench bench;
  for (const cost::DType dtype : {cost::DType::fp32, cost::DType::bf16}) {
    for (const std::int64_t inner : {1, 3, 8, 64}) {
      const std::int64_t batch = 2, rows = 37, cols = 70;
      INFO(cost::name(dtype) << " inner " << inner);
      const auto size = static_cast<std::size_t>(batch * rows * cols * inner);
      Values values{steps(size), std::vector<float>(size, NAN)};
      bench.backend.compute(cost::Transpose{batch, rows, cols, inner, dtype}, values);
      std::vector<float> expected(size);
      for (std::int64_t i = 0; i < static_cast<std::int64_t>(size); ++i) {
        const std::int64_t k = i % inner, c = i / inner % cols, r = i / inner / cols % rows,
                           b = i / inner / cols / rows;
        expected[static_cast<std::size_t>(((b * cols + c) * rows + r) * inner + k)] =
            values[0][static_cast<std::size_t>(i)];
      }
      CHECK(values[1] == expected);
    }
  }
}

TEST_CASE("column sums of small whole numbers are exact, whether in one stage or in two") {
  if (!test::device_answers()) return;
  Bench bench;
  for (const std::int64_t rows : {1, 50, 3000}) {
    for (const std::int64_t cols : {1, 33, 256}) {
      INFO(rows << " x " << cols);
      Values values{std::vector<float>(static_cast<std::size_t>(rows * cols), 2.0F),
                    std::vector<float>(static_cast<std::size_t>(cols), NAN)};
      bench.backend.compute(
          cost::Elementwise{cost::ElementwiseKind::bias_gradient, rows, cols, cost::DType::fp16}, values);
      CHECK(values[1] == std::vector<float>(static_cast<std::size_t>(cols), 2.0F * static_cast<float>(rows)));
    }
  }
}

TEST_CASE("a causal softmax of equal numbers is uniform over what a row sees") {
  if (!test::device_answers()) return;
  Bench bench;
  for (const std::int64_t cols : {8, 31, 2048}) {  // a warp in chunks, a warp one by one, a block
    INFO(cols);
    const auto size = static_cast<std::size_t>(cols * cols);
    Values values{std::vector<float>(size, 5.0F), std::vector<float>(size, NAN)};
    bench.backend.compute(cost::Softmax{cols, cols, 0, true}, values);
    bool right = true;
    for (std::int64_t i = 0; i < cols * cols; ++i) {
      const std::int64_t r = i / cols, c = i % cols;
      const float expected = c <= r ? 1.0F / static_cast<float>(r + 1) : 0.0F;
      right = right && std::abs(values[1][static_cast<std::size_t>(i)] - expected) <= 1e-6F * expected;
    }
    CHECK(right);
  }
}

TEST_CASE("every class that is supported can be prepared and timed, hot and cold") {
  if (!test::device_answers()) return;
  Bench bench;
  int timed = 0;
  for (const std::string& name : cost::class_names()) {
    for (const cost::DType dtype : {cost::DType::fp32, cost::DType::bf16}) {
      cost::Op op = cost::parse_op(name, "");
      if (cost::has_dtype(op)) op = cost::with_dtype(op, dtype);
      if (!bench.backend.supports(op)) continue;
      ++timed;
      INFO(cost::class_name(op));
      for (const Bytes distance : {0_B, 1_MiB, 256_MiB}) {
        try {
          const auto prepared = bench.backend.prepare(op, {1, distance});
          for (int i = 0; i < 3; ++i) CHECK(prepared->run().value() > 0.0);
          CHECK(prepared->telemetry().host.value() > 0.0);
        } catch (const BackendError& error) {
          WARN(cost::class_name(op) << ": " << error.what());  // a library may refuse so small a shape
        }
        REQUIRE_FALSE(bench.backend.is_lost());
      }
    }
  }
  CHECK(timed > 20);
}

TEST_CASE("what is too large for the device does not fit, and the next operator does") {
  if (!test::device_answers()) return;
  Bench bench;
  CHECK_THROWS_AS(bench.backend.prepare(cost::Copy{std::int64_t{1} << 30}, {}), calibrate::DoesNotFit);
  CHECK(bench.backend.prepare(cost::Copy{1 << 20}, {})->run().value() > 0.0);
}

TEST_CASE("compositions run with side lanes and as graphs") {
  if (!test::device_answers()) return;
  Bench bench;
  calibrate::Composition composition;
  composition.name = "norm beside a copy";
  composition.tensors = {{64 * 256}, {256}, {64 * 256}, {64}, {1 << 20}, {1 << 20}};
  composition.steps = {{cost::RmsNorm{64, 256}, {0, 1, 2, 3}, 0},
                       {cost::Copy{1 << 20, cost::CopyKind::h2d}, {4, 5}, 7},
                       {cost::Elementwise{cost::ElementwiseKind::add, 64, 256}, {0, 2, 2}, 0}};
  for (const bool as_graph : {false, true}) {
    composition.as_graph = as_graph;
    const auto timed = bench.backend.prepare(composition);
    for (int i = 0; i < 3; ++i) CHECK(timed->run().value() > 0.0);
    CHECK(timed->telemetry().host.value() > 0.0);
  }
}

TEST_CASE("the fingerprint of a real device knows what the runtime knows") {
  if (!test::device_answers()) return;
  const calibrate::Fingerprint facts = Bench().backend.fingerprint();
  for (const char* key : {"device", "memory", "l2_cache", "cuda_driver", "cuda_runtime"}) {
    INFO(key);
    CHECK(facts.at(key) != "unknown");
  }
}
