// The product of matrices through oneDNN.
#include <dnnl.h>
#include <fmt/core.h>
#include <omp.h>

#include "calibrate/backends/cpu/kernels/kernel_functions.hpp"
#include "sim/base/error.hpp"

namespace orrery::cpu {

// oneDNN's row-major single-precision GEMM: 2 to 3 times as fast as OpenBLAS 0.3.21 on the machines it was
// chosen on (docs/decisions).
void gemm(const cost::Gemm& op, const float* a, const float* b, float* c) {
  const char trans_a = op.trans_a ? 'T' : 'N';
  const char trans_b = op.trans_b ? 'T' : 'N';
  const dnnl_dim_t lda = op.trans_a ? op.m : op.k;
  const dnnl_dim_t ldb = op.trans_b ? op.k : op.n;
  const float beta = op.accumulate ? 1.0F : 0.0F;
  for (std::int64_t i = 0; i < op.batch; ++i) {
    const dnnl_status_t status = dnnl_sgemm(trans_a, trans_b, op.m, op.n, op.k, 1.0F, a + i * op.m * op.k,
                                            lda, b + i * op.k * op.n, ldb, beta, c + i * op.m * op.n, op.n);
    if (status != dnnl_success) {
      throw BackendError(fmt::format("oneDNN: dnnl_sgemm({}, {}, m={}, n={}, k={}) failed with status {}",
                                     trans_a, trans_b, op.m, op.n, op.k, static_cast<int>(status)));
    }
  }
}

void use_one_thread() {
  omp_set_num_threads(1);
}

}  // namespace orrery::cpu
