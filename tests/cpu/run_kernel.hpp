// One call of a kernel on numbers in double precision, and comparisons of what it wrote: shared by the tests
// of the CPU kernels.
#pragma once

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <vector>

#include "calibrate/backends/cpu/kernels/kernels.hpp"
#include "tests/cpu/kernel_reference.hpp"

namespace orrery::cpu_reference {

/// Runs `op` on fp32 copies of the operands and returns all of them afterwards. Whole numbers come as `ids`
/// for operand `ids_at`, or in `values` for any other int32 operand.
inline std::vector<Reals> run_kernel(const cost::Op& op, std::vector<Reals> values,
                                     const std::vector<std::int32_t>& ids = {}, std::size_t ids_at = 99,
                                     const cpu::KernelConstants& constants = {}) {
  const auto expected = cost::operands(op);
  REQUIRE(expected.size() == values.size());
  std::vector<std::vector<float>> floats;
  std::vector<std::vector<std::int32_t>> integers;
  for (std::size_t i = 0; i < values.size(); ++i) {
    floats.emplace_back(values[i].begin(), values[i].end());
    integers.emplace_back(ids);
    if (expected[i].dtype == cost::DType::int32 && i != ids_at) {
      integers.back() = std::vector<std::int32_t>(values[i].begin(), values[i].end());
    }
    INFO(expected[i].role);
    REQUIRE(static_cast<std::size_t>(expected[i].elements) == (i == ids_at ? ids.size() : values[i].size()));
  }
  std::vector<void*> pointers;
  for (std::size_t i = 0; i < floats.size(); ++i) {
    const bool whole = expected[i].dtype == cost::DType::int32;
    pointers.push_back(whole ? static_cast<void*>(integers[i].data()) : floats[i].data());
  }
  cpu::execute(op, pointers, constants);
  for (std::size_t i = 0; i < floats.size(); ++i) values[i] = Reals(floats[i].begin(), floats[i].end());
  return values;
}

/// |got - want| <= tolerance * (1 + |want|), element by element.
inline void check_close(const Reals& got, const Reals& want, double tolerance) {
  REQUIRE(got.size() == want.size());
  double worst = 0.0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    worst = std::max(worst, std::abs(got[i] - want[i]) / (1.0 + std::abs(want[i])));
  }
  CHECK(worst <= tolerance);
}

inline Reals zeros(std::int64_t count) {
  return Reals(static_cast<std::size_t>(count), 0.0);
}
inline Reals not_a_number(std::int64_t count) {
  return Reals(static_cast<std::size_t>(count), std::nan(""));
}

}  // namespace orrery::cpu_reference
