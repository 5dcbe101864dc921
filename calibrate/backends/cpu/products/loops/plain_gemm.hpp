// The product of matrices without any library: blocked loops that the compiler vectorises, several times
// slower than oneDNN, for programs that must run where there is no oneDNN, and as a second opinion in tests.
#pragma once

#include "costmodel/op.hpp"

namespace orrery::cpu {

/// The product alone, without the epilogue.
void plain_gemm(const cost::Gemm& op, const float* a, const float* b, float* c);

}  // namespace orrery::cpu
