#include "calibrate/backends/cuda/kernels/attention_forward.cuh"
#include "calibrate/backends/cuda/kernels/attention_launch.cuh"

namespace orrery::cuda {
namespace {

using namespace attention;

struct Forward {
  const AttentionShape& s;
  const AttentionForward& t;
  cudaStream_t stream;

  template <class T, int kDim>
  void run() const {
    using Shape = Tile<T, kDim>;
    constexpr std::size_t kBytes = forward_bytes<T, Shape>();
    allow_shared_memory<forward_kernel<T, Shape>>(kBytes);
    const dim3 grid((s.q_len + Shape::kRows - 1) / Shape::kRows, s.heads, s.batch);
    forward_kernel<T, Shape>
        <<<grid, Shape::kThreads, kBytes, stream>>>(s, static_cast<const T*>(t.q), static_cast<const T*>(t.k),
                                                    static_cast<const T*>(t.v), static_cast<T*>(t.o), t.lse);
    CUDA_CHECK(cudaGetLastError());
  }
};

}  // namespace

void launch_attention(const AttentionShape& shape, cost::DType dtype, const AttentionForward& tensors,
                      cudaStream_t stream) {
  dispatch(dtype, shape.head_dim, Forward{shape, tensors, stream});
}

}  // namespace orrery::cuda
