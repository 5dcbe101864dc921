// The product of matrices for programs that travel: plain loops, no library, no threads.
#include "calibrate/backends/cpu/kernels/kernel_functions.hpp"
#include "calibrate/backends/cpu/products/loops/plain_gemm.hpp"

namespace orrery::cpu {

void gemm(const cost::Gemm& op, const float* a, const float* b, float* c) {
  plain_gemm(op, a, b, c);
}

void use_one_thread() {}

}  // namespace orrery::cpu
