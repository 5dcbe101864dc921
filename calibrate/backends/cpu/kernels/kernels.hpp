// The CPU kernels behind every operator: real computations on real buffers, one thread, fp32. Calibration
// times them and the reference trainer trains with them, through the same function. A cast is the one
// operator with buffers of another type. The product of matrices is chosen when a program is linked:
// orrery_onednn_gemm (fast) or orrery_plain_gemm (no library), exactly one of them.
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

/// Whether `execute` is worth timing for this operator: fp32 and casts. Copies over a bus and recorded graphs
/// are left to devices that have a bus and launches.
bool has_kernel(const cost::Op& op);

/// Executes `op` once. `buffers[i]` points to operand i of `cost::operands(op)`, of the type stated there,
/// 64-byte aligned. Copies of all kinds are plain copies here. REQUIRES: the operator's type is fp32, or it
/// has none; buffers.size() == operands(op).size(); ids, labels, page tables and lengths within range.
void execute(const cost::Op& op, std::span<void* const> buffers, const KernelConstants& constants = {});

/// Pins the math libraries to one thread. Called once at start, before the first kernel.
void use_one_thread();

}  // namespace orrery::cpu
