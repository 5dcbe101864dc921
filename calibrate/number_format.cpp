#include "calibrate/number_format.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "sim/base/error.hpp"

namespace orrery::calibrate {
namespace {

using cost::DType;

/// A binary format with sign, exponent and mantissa, shorter than fp32.
struct Format {
  int mantissa;           ///< bits
  int bias;               ///< of the exponent
  std::uint32_t largest;  ///< code that overflow ends in: infinity, or the largest number
  std::uint32_t nan;      ///< code
  int bits;
};

constexpr Format kHalf{10, 15, 0x7C00, 0x7E00, 16};
constexpr Format kBrain{7, 127, 0x7F80, 0x7FC0, 16};
constexpr Format kEighth{3, 7, 0x7E, 0x7F, 8};
constexpr Format kTensorFloat{10, 127, 0xFF << 10, (0xFF << 10) + (1 << 9), 19};

// fp32 is s * 2^(e - 23) with a whole s below 2^24. In the short format the same number is q * 2^(f -
// mantissa) with f = e, or the smallest exponent where e lies below it; q is s shifted, rounded to nearest
// even. With that f, q plus (f + bias - 1) << mantissa is the code, for normal numbers, denormals, and where
// rounding carries into the next exponent.
std::uint32_t code_of(float value, const Format& format) {
  const std::uint32_t word = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = (word >> 31) << (format.bits - 1);
  const std::uint32_t field = (word >> 23) & 0xFF;
  if (std::isnan(value)) return sign | format.nan;
  if (field == 0xFF) return sign | format.largest;
  const std::uint32_t significand = (word & 0x7FFFFF) | (field == 0 ? 0 : 0x800000);
  const int e = std::max(static_cast<int>(field), 1) - 127;
  const int f = std::max(e, 1 - format.bias);
  const int shift = 23 - format.mantissa + (f - e);
  if (shift > 24) return sign;  // below half of the smallest denormal
  std::uint32_t q = significand >> shift;
  const std::uint32_t rest = significand & ((1U << shift) - 1);
  const std::uint32_t half = 1U << (shift - 1);
  if (rest > half || (rest == half && (q & 1) != 0)) ++q;
  const std::uint64_t code = (static_cast<std::uint64_t>(f + format.bias - 1) << format.mantissa) + q;
  return sign | static_cast<std::uint32_t>(std::min<std::uint64_t>(code, format.largest));
}

float value_of(std::uint32_t code, const Format& format) {
  if (format.bias == 127)
    return std::bit_cast<float>(code << (32 - format.bits));  // the upper bits of an fp32
  const std::uint32_t magnitude = code & ((1U << (format.bits - 1)) - 1);
  const bool negative = magnitude != code;
  const std::uint32_t field = magnitude >> format.mantissa;
  const std::uint32_t fraction = magnitude & ((1U << format.mantissa) - 1);
  float value = 0.0F;
  if (format.bits == 8 ? magnitude == format.nan : magnitude > format.largest) {
    value = std::nanf("");
  } else if (format.bits == 16 && magnitude == format.largest) {
    value = INFINITY;
  } else {
    const std::uint32_t significand = fraction + (field == 0 ? 0 : 1U << format.mantissa);
    const int exponent = static_cast<int>(std::max(field, 1U)) - format.bias - format.mantissa;
    value = std::ldexp(static_cast<float>(significand), exponent);
  }
  return negative ? -value : value;
}

/// None for the types of four bytes.
const Format* format_of(DType dtype) {
  switch (dtype) {
    case DType::fp16:
      return &kHalf;
    case DType::bf16:
      return &kBrain;
    case DType::fp8:
      return &kEighth;
    default:
      return nullptr;
  }
}

std::int32_t whole(float value) {
  if (std::isnan(value)) return 0;
  const double nearest = std::nearbyint(static_cast<double>(value));
  return static_cast<std::int32_t>(std::clamp(nearest, -2147483648.0, 2147483647.0));
}

template <class Word>
void encode_codes(std::span<const float> values, const Format& format, std::byte* memory) {
  for (const float value : values) {
    const auto code = static_cast<Word>(code_of(value, format));
    std::memcpy(memory, &code, sizeof(code));
    memory += sizeof(code);
  }
}

template <class Word>
void decode_codes(const std::byte* memory, const Format& format, std::span<float> values) {
  for (float& value : values) {
    Word code = 0;
    std::memcpy(&code, memory, sizeof(code));
    memory += sizeof(code);
    value = value_of(code, format);
  }
}

}  // namespace

std::vector<std::byte> encode(std::span<const float> values, DType dtype) {
  std::vector<std::byte> memory(values.size() * static_cast<std::size_t>(cost::bytes_of(dtype)));
  if (const Format* format = format_of(dtype)) {
    if (format->bits == 8) {
      encode_codes<std::uint8_t>(values, *format, memory.data());
    } else {
      encode_codes<std::uint16_t>(values, *format, memory.data());
    }
  } else if (dtype == DType::int32) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::int32_t number = whole(values[i]);
      std::memcpy(memory.data() + i * sizeof(number), &number, sizeof(number));
    }
  } else if (!values.empty()) {
    std::memcpy(memory.data(), values.data(), memory.size());
  }
  return memory;
}

std::vector<float> decode(std::span<const std::byte> memory, DType dtype) {
  const auto size = static_cast<std::size_t>(cost::bytes_of(dtype));
  SIM_ASSERT(memory.size() % size == 0, "memory to decode ends within an element");
  std::vector<float> values(memory.size() / size);
  if (const Format* format = format_of(dtype)) {
    if (format->bits == 8) {
      decode_codes<std::uint8_t>(memory.data(), *format, values);
    } else {
      decode_codes<std::uint16_t>(memory.data(), *format, values);
    }
  } else if (dtype == DType::int32) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      std::int32_t number = 0;
      std::memcpy(&number, memory.data() + i * sizeof(number), sizeof(number));
      values[i] = static_cast<float>(number);
    }
  } else if (!values.empty()) {
    std::memcpy(values.data(), memory.data(), memory.size());
  }
  return values;
}

float rounded(float value, DType dtype) {
  if (dtype == DType::tf32) return value_of(code_of(value, kTensorFloat), kTensorFloat);
  if (dtype == DType::int32) return static_cast<float>(whole(value));
  const Format* format = format_of(dtype);
  return format == nullptr ? value : value_of(code_of(value, *format), *format);
}

double unit_roundoff(DType dtype) {
  if (dtype == DType::int32) return 0.0;
  if (dtype == DType::fp32) return 0x1p-24;
  const Format& format = dtype == DType::tf32 ? kTensorFloat : *format_of(dtype);
  return std::ldexp(1.0, -format.mantissa - 1);
}

}  // namespace orrery::calibrate
