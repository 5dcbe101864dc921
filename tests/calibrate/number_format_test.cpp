// Every code of the short formats, and the facts of their definitions: ends, ties, denormals, overflow.
#include "calibrate/number_format.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

using namespace orrery;
using calibrate::decode;
using calibrate::encode;
using calibrate::rounded;
using cost::DType;

namespace {

std::uint32_t code(float value, DType dtype) {
  const std::vector<std::byte> memory = encode(std::vector<float>{value}, dtype);
  std::uint32_t word = 0;
  std::memcpy(&word, memory.data(), memory.size());
  return word;
}

float number(std::uint32_t code, DType dtype) {
  std::vector<std::byte> memory(static_cast<std::size_t>(cost::bytes_of(dtype)));
  std::memcpy(memory.data(), &code, memory.size());
  return decode(memory, dtype).front();
}

const float kInfinity = std::numeric_limits<float>::infinity();

}  // namespace

TEST_CASE("every code of a short format is the code of its own number") {
  const DType dtype = GENERATE(DType::fp16, DType::bf16, DType::fp8);
  const std::uint32_t codes = 1U << (8 * cost::bytes_of(dtype));
  std::uint32_t not_numbers = 0;
  std::uint32_t wrong = 0;
  for (std::uint32_t c = 0; c < codes; ++c) {
    const float value = number(c, dtype);
    if (std::isnan(value)) {
      ++not_numbers;
      wrong += std::isnan(number(code(value, dtype), dtype)) ? 0 : 1;
    } else {
      wrong += code(value, dtype) == c ? 0 : 1;
      wrong += rounded(value, dtype) == value ? 0 : 1;
    }
  }
  CHECK(wrong == 0);
  // Both signs of every non-zero mantissa beside the largest exponent; e4m3 has only the one with all bits
  // set.
  CHECK(not_numbers == (dtype == DType::fp16 ? 2046U : dtype == DType::bf16 ? 254U : 2U));
}

TEST_CASE("between two neighbours the nearer one is taken, in the middle the even one") {
  const DType dtype = GENERATE(DType::fp16, DType::bf16, DType::fp8);
  const std::uint32_t ends = dtype == DType::fp16 ? 0x7BFF : dtype == DType::bf16 ? 0x7F7F : 0x7E;
  std::uint32_t wrong = 0;
  for (std::uint32_t c = 0; c < ends; ++c) {
    const double low = number(c, dtype);
    const double high = number(c + 1, dtype);
    const auto middle = static_cast<float>(0.5 * (low + high));
    // bf16's smallest numbers have no fp32 in the middle: there both are the middle's neighbours.
    if (static_cast<double>(middle) != 0.5 * (low + high)) continue;
    wrong += code(middle, dtype) == (c % 2 == 0 ? c : c + 1) ? 0 : 1;
    wrong += code(std::nextafter(middle, 0.0F), dtype) == c ? 0 : 1;
    wrong += code(std::nextafter(middle, kInfinity), dtype) == c + 1 ? 0 : 1;
    wrong += code(-middle, dtype) == (code(middle, dtype) | (1U << (8 * cost::bytes_of(dtype) - 1))) ? 0 : 1;
  }
  CHECK(wrong == 0);
}

TEST_CASE("the formats have the numbers of their definitions") {
  CHECK(number(0x3C00, DType::fp16) == 1.0F);
  CHECK(number(0x7BFF, DType::fp16) == 65504.0F);
  CHECK(number(0x0001, DType::fp16) == std::ldexp(1.0F, -24));
  CHECK(number(0x3F80, DType::bf16) == 1.0F);
  CHECK(number(0x0001, DType::bf16) == std::ldexp(1.0F, -133));
  CHECK(number(0x38, DType::fp8) == 1.0F);
  CHECK(number(0x7E, DType::fp8) == 448.0F);
  CHECK(number(0x01, DType::fp8) == std::ldexp(1.0F, -9));
  CHECK(number(0xC0, DType::fp8) == -2.0F);
  CHECK(std::signbit(number(0x80, DType::fp8)));
  CHECK(rounded(1.0F + 0x1p-11F, DType::tf32) == 1.0F);
  CHECK(rounded(1.0F + 0x1.8p-10F, DType::tf32) == 1.0F + 0x1p-9F);
  CHECK(rounded(0x1.2345p100F, DType::fp32) == 0x1.2345p100F);
}

TEST_CASE("overflow gives infinity in fp16 and bf16 and 448 in fp8, and not-a-number stays it") {
  CHECK(rounded(65519.0F, DType::fp16) == 65504.0F);
  CHECK(rounded(65520.0F, DType::fp16) == kInfinity);
  CHECK(rounded(-1e30F, DType::fp16) == -kInfinity);
  CHECK(rounded(std::numeric_limits<float>::max(), DType::bf16) == kInfinity);
  CHECK(rounded(std::numeric_limits<float>::max(), DType::tf32) == kInfinity);
  CHECK(rounded(500.0F, DType::fp8) == 448.0F);
  CHECK(rounded(-kInfinity, DType::fp8) == -448.0F);
  for (const DType dtype : {DType::fp32, DType::tf32, DType::fp16, DType::bf16, DType::fp8}) {
    INFO(cost::name(dtype));
    CHECK(std::isnan(rounded(std::nanf(""), dtype)));
    CHECK(std::isnan(decode(encode(std::vector<float>{std::nanf("")}, dtype), dtype).front()));
    CHECK(rounded(std::numeric_limits<float>::denorm_min(), dtype) ==
          (dtype == DType::fp32 ? 0x1p-149F : 0.0F));
  }
}

TEST_CASE("tf32 is fp32 in memory, and int32 holds whole numbers") {
  CHECK(decode(encode(std::vector<float>{0.1F}, DType::tf32), DType::tf32).front() == 0.1F);
  const std::vector<float> values{-3.0F, 0.0F, 16777216.0F, 2.5F, 1e20F, -1e20F};
  const std::vector<float> back = decode(encode(values, DType::int32), DType::int32);
  CHECK(back == std::vector<float>{-3.0F, 0.0F, 16777216.0F, 2.0F, 2147483648.0F, -2147483648.0F});
  CHECK(code(-1.0F, DType::int32) == 0xFFFFFFFFU);
  CHECK(encode({}, DType::fp32).empty());
}

TEST_CASE("no rounding errs by more than the unit roundoff, and some come close") {
  const DType dtype = GENERATE(DType::tf32, DType::fp16, DType::bf16, DType::fp8);
  double worst = 0.0;
  for (float x = 1.0F; x < 4.0F; x += 0x1p-14F) {
    worst = std::max(worst, std::abs(static_cast<double>(rounded(x, dtype)) / static_cast<double>(x) - 1.0));
  }
  CHECK(worst <= calibrate::unit_roundoff(dtype));
  CHECK(worst > 0.9 * calibrate::unit_roundoff(dtype));
  CHECK(calibrate::unit_roundoff(DType::fp32) == 0x1p-24);
  CHECK(calibrate::unit_roundoff(DType::int32) == 0.0);
}
