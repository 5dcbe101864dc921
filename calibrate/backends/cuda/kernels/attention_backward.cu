#include "calibrate/backends/cuda/kernels/attention_gradient.cuh"
#include "calibrate/backends/cuda/kernels/attention_launch.cuh"

namespace orrery::cuda {
namespace {

using namespace attention;

struct Backward {
  const AttentionShape& s;
  const AttentionBackward& t;
  cudaStream_t stream;

  template <class T, int kDim>
  void run() const {
    using Shape = Tile<T, kDim>;
    static_assert(gradient_bytes<T, Shape>(true) <= 163 * 1024, "a block must fit on sm_80");
    constexpr int kThreads = 256;
    const long long rows = static_cast<long long>(s.batch) * s.heads * s.q_len;
    const auto blocks = static_cast<unsigned>((rows * 32 + kThreads - 1) / kThreads);
    row_dot_kernel<T>
        <<<blocks, kThreads, 0, stream>>>(s, static_cast<const T*>(t.o), static_cast<const T*>(t.d_o), t.dot);
    CUDA_CHECK(cudaGetLastError());
    side<T, Shape, true>(s.kv_len, s.kv_heads, static_cast<T*>(t.dk), static_cast<T*>(t.dv));
    side<T, Shape, false>(s.q_len, s.heads, static_cast<T*>(t.dq), nullptr);
  }

  template <class T, class Shape, bool kKeyRows>
  void side(int length, int heads, T* gradient, T* value_gradient) const {
    constexpr std::size_t kBytes = gradient_bytes<T, Shape>(kKeyRows);
    allow_shared_memory<gradient_kernel<T, Shape, kKeyRows>>(kBytes);
    const dim3 grid((length + Shape::kRows - 1) / Shape::kRows, heads, s.batch);
    gradient_kernel<T, Shape, kKeyRows>
        <<<grid, Shape::kThreads, kBytes, stream>>>(s, t, gradient, value_gradient);
    CUDA_CHECK(cudaGetLastError());
  }
};

}  // namespace

void launch_attention(const AttentionShape& shape, cost::DType dtype, const AttentionBackward& tensors,
                      cudaStream_t stream) {
  dispatch(dtype, shape.head_dim, Backward{shape, tensors, stream});
}

}  // namespace orrery::cuda
