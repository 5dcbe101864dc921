// The CPU kernels behind every operator: real computations on real buffers, one thread, fp32. Calibration
// times them and the reference trainer trains with them, through the same function.
#pragma once

#include <span>

#include "costmodel/op.hpp"

namespace orrery::cpu {

/// Numbers that a kernel needs and that do not change its time.
struct KernelConstants {
  float scale = 1.0F;                                   ///< ElementwiseKind::scale
  float learning_rate = 1e-3F;                          ///< OptimizerStep
  float momentum = 0.9F;                                ///< momentum
  float beta1 = 0.9F, beta2 = 0.999F, epsilon = 1e-8F;  ///< adam (Kingma and Ba 2015)
  int step = 1;                                         ///< adam's bias correction, counted from 1
};

/// Executes `op` once. `buffers[i]` points to operand i of `cost::operands(op)`, fp32 or int32 as stated
/// there, 64-byte aligned. REQUIRES: buffers.size() == operands(op).size(); labels and ids within range.
void execute(const cost::Op& op, std::span<void* const> buffers, const KernelConstants& constants = {});

/// Pins the math libraries to one thread. Called once at start, before the first kernel.
void use_one_thread();

}  // namespace orrery::cpu
