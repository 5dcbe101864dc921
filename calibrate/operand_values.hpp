// Numbers for the operands of an operator that is to be timed or checked: random, of either sign, none of
// them near zero, and valid where an operator asks for more (ids inside their tables, pages that exist,
// second moments that are positive). All backends fill their buffers from here.
#pragma once

#include <span>

#include "costmodel/op.hpp"
#include "sim/base/rng.hpp"

namespace orrery::calibrate {

/// Fills `values` for operand `operand` of `op`; int32 operands get whole numbers. Magnitudes lie in [0.1,
/// 1], of what a cast reads between 2^-13 and 2^8, so that it meets short formats' denormals. Large operands
/// repeat their first 2^16 numbers (drawing is slower than most kernels). Page tables are one random
/// permutation of all pages, positions count up, every sequence has `context` tokens.
/// REQUIRES: values.size() == operand.elements.
void fill_operand(const cost::Op& op, const cost::Operand& operand, RngStream& draws,
                  std::span<float> values);

}  // namespace orrery::calibrate
