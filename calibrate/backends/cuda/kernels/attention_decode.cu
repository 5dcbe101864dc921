#include "calibrate/backends/cuda/kernels/attention_launch.cuh"
#include "calibrate/backends/cuda/kernels/decode.cuh"

namespace orrery::cuda {
namespace {

using namespace decode;

struct Decode {
  const DecodeShape& s;
  const DecodePlan& plan;
  const DecodeTensors& t;
  cudaStream_t stream;

  template <class T, int kDim>
  void run() const {
    switch (plan.heads_per_block) {
      case 1:
        return with_heads<T, kDim, 1>();
      case 2:
        return with_heads<T, kDim, 2>();
      case 4:
        return with_heads<T, kDim, 4>();
      default:
        return with_heads<T, kDim, 8>();
    }
  }

  template <class T, int kDim, int kHeads>
  void with_heads() const {
    using R = Rows<T, kDim>;
    T* o = static_cast<T*>(t.o);
    const dim3 grid(plan.splits, plan.head_blocks, s.sequences);
    decode_kernel<T, R, kHeads><<<grid, R::kThreads, 0, stream>>>(
        s, plan.part, static_cast<const T*>(t.q), static_cast<const T*>(t.k_cache),
        static_cast<const T*>(t.v_cache), t.table, t.lengths, o, t.scratch);
    CUDA_CHECK(cudaGetLastError());
    if (plan.splits == 1) return;
    combine_kernel<T, kDim><<<s.sequences * s.heads, kDim, 0, stream>>>(plan.splits, t.scratch, o);
    CUDA_CHECK(cudaGetLastError());
  }
};

}  // namespace

void launch_decode(const DecodeShape& shape, const DecodePlan& plan, cost::DType dtype,
                   const DecodeTensors& tensors, cudaStream_t stream) {
  dispatch(dtype, shape.head_dim, Decode{shape, plan, tensors, stream});
}

}  // namespace orrery::cuda
