// The bits of every number format that operators work in, on the host: what a tensor of another type than
// fp32 holds in memory, and what a number becomes when it is stored there. Rounding is to nearest, ties to
// even, as the devices round.
//
//   fp16  5 bits of exponent, 10 of mantissa; overflow gives infinity
//   bf16  8 and 7; the upper half of an fp32
//   fp8   e4m3: 4 and 3, no infinity; beyond 448 it stays at 448, NaN stays NaN
//   tf32  fp32 in memory; `rounded` gives what the matrix units make of it (8 and 10)
//   int32 whole numbers; what lies beyond its ends stays at them
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "costmodel/op.hpp"

namespace orrery::calibrate {

/// The memory of a tensor of this type that holds `values`, little-endian.
std::vector<std::byte> encode(std::span<const float> values, cost::DType dtype);

/// The numbers in that memory. REQUIRES: whole elements.
std::vector<float> decode(std::span<const std::byte> memory, cost::DType dtype);

/// The nearest number that this type holds.
float rounded(float value, cost::DType dtype);

/// The largest relative error of one rounding, 2^-(mantissa bits + 1); 0 for whole numbers. Of tf32 that of
/// the matrix units.
double unit_roundoff(cost::DType dtype);

}  // namespace orrery::calibrate
