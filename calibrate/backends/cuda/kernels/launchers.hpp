// The kernels of kernels/*.cu as plain functions, one overload per operator: each enqueues one call. Buffers
// come in the operand order of costmodel/op.hpp, 256-byte aligned; shapes and constants are those of the CPU
// kernels (calibrate/backends/cpu/kernels.hpp), so that results can be compared.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "costmodel/op.hpp"
#include "sim/base/error.hpp"

namespace orrery::cuda {

/// Scratch memory of one call.
struct Scratch {
  void* memory = nullptr;
  std::size_t bytes = 0;
  /// Throws BackendError when the call needs more than there is.
  float* floats(std::size_t count) const {
    if (count * sizeof(float) > bytes) {
      throw BackendError("a kernel needs " + std::to_string(count * sizeof(float)) +
                         " bytes of scratch memory, there are " + std::to_string(bytes));
    }
    return static_cast<float*>(memory);
  }
};

/// What every launch gets.
struct Call {
  std::span<void* const> buffers;
  Scratch scratch;
  cudaStream_t stream = nullptr;

  template <class T>
  T* at(std::size_t operand) const {
    return static_cast<T*>(buffers[operand]);
  }
};

void launch(const cost::Softmax& op, const Call& call);
void launch(const cost::CrossEntropy& op, const Call& call);
void launch(const cost::LayerNorm& op, const Call& call);
void launch(const cost::RmsNorm& op, const Call& call);
void launch(const cost::Elementwise& op, const Call& call);
void launch(const cost::OptimizerStep& op, const Call& call);
void launch(const cost::Embedding& op, const Call& call);
void launch(const cost::Transpose& op, const Call& call);
void launch(const cost::Cast& op, const Call& call);
/// `turns[i]` (device memory, head_dim/2 numbers): rotations per position of pair i.
void launch(const cost::Rotary& op, const double* turns, const Call& call);

/// Adds 1 to x[0]: the smallest kernel there is.
void launch_add_one(float* x, cudaStream_t stream);

/// Numbers with magnitude in [0.1, 1] * scale, of either sign or `positive`, a function of (seed, index)
/// alone.
void fill_numbers(void* memory, std::int64_t count, cost::DType dtype, bool positive, float scale,
                  std::uint64_t seed, cudaStream_t stream);
/// int32 numbers in [0, bound).
void fill_integers(std::int32_t* memory, std::int64_t count, std::int64_t bound, std::uint64_t seed,
                   cudaStream_t stream);

/// Keeps the stream busy until *flag (host memory mapped into the device) has reached `ticket` or `limit_ns`
/// have passed, so that what is enqueued behind it starts without gaps.
void launch_hold(const unsigned* flag, unsigned ticket, unsigned long long limit_ns, cudaStream_t stream);

}  // namespace orrery::cuda
