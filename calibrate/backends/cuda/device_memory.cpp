#include "calibrate/backends/cuda/device_memory.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "calibrate/backend.hpp"
#include "calibrate/backends/cuda/check.hpp"
#include "calibrate/backends/cuda/kernels/launchers.hpp"
#include "calibrate/number_format.hpp"
#include "sim/base/rng.hpp"

namespace orrery::cuda {
namespace {

constexpr std::size_t kAlignment = 256;
constexpr std::size_t kPage = 4096;

std::size_t round_up(std::size_t bytes, std::size_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

/// Large buffers repeat their first numbers: drawing is slower than copying.
void fill_on_host(void* memory, const BufferFill& buffer) {
  constexpr std::size_t kDrawn = 1 << 16;
  const auto count = static_cast<std::size_t>(buffer.count);
  auto* values = static_cast<float*>(memory);
  RngStream draws = stream(Seed{buffer.seed}, "calibrate/host operands");
  for (std::size_t i = 0; i < std::min(count, kDrawn); ++i) {
    const double u = draws.uniform(-0.9, 0.9);
    values[i] = static_cast<float>(u < 0.0 ? u - 0.1 : u + 0.1);
  }
  for (std::size_t i = kDrawn; i < count; i += kDrawn) {
    std::memcpy(values + i, values, std::min(kDrawn, count - i) * sizeof(float));
  }
}

}  // namespace

DeviceBuffer allocate_device(std::size_t bytes) {
  void* memory = nullptr;
  CUDA_CHECK(cudaMalloc(&memory, bytes));
  return DeviceBuffer(memory);
}

PinnedBuffer allocate_pinned(std::size_t bytes) {
  void* memory = nullptr;
  CUDA_CHECK(cudaHostAlloc(&memory, bytes, cudaHostAllocMapped));
  return PinnedBuffer(memory);
}

std::size_t footprint_in_arena(std::size_t bytes) {
  return round_up(std::max<std::size_t>(bytes, 1), kAlignment);
}

DeviceArena::DeviceArena(std::size_t bytes) : memory_(allocate_device(bytes)), size_(bytes) {}

void* DeviceArena::take(std::size_t bytes) {
  const std::size_t step = footprint_in_arena(bytes);
  if (step > available()) {
    throw calibrate::DoesNotFit(
        fmt::format("a buffer of {} bytes does not fit into the {} of {} bytes left on the device", bytes,
                    available(), size_));
  }
  void* piece = static_cast<std::byte*>(memory_.get()) + used_;
  used_ += step;
  return piece;
}

OperandMemory::~OperandMemory() {
  if (--arena_.users_ == 0) arena_.used_ = 0;
}

void* OperandMemory::take(Placement where, std::size_t bytes) {
  switch (where) {
    case Placement::device:
      return arena_.take(bytes);
    case Placement::pinned:
      pinned_.push_back(allocate_pinned(std::max<std::size_t>(bytes, 1)));
      return pinned_.back().get();
    case Placement::pageable:
      break;
  }
  pageable_.emplace_back(std::aligned_alloc(kPage, round_up(std::max<std::size_t>(bytes, 1), kPage)));
  if (pageable_.back() == nullptr) {
    throw calibrate::DoesNotFit(
        fmt::format("a buffer of {} bytes does not fit into the host's memory", bytes));
  }
  return pageable_.back().get();
}

void fill(void* memory, const BufferFill& buffer, const FillRule& rule, cudaStream_t stream) {
  if (buffer.count <= 0) return;
  if (buffer.placement != Placement::device) return fill_on_host(memory, buffer);
  switch (rule.content) {
    case Content::signed_numbers:
    case Content::positive_numbers:
      return fill_numbers(memory, buffer.count, buffer.dtype, rule.content == Content::positive_numbers,
                          static_cast<float>(rule.scale), buffer.seed, stream);
    case Content::indices:
      return fill_integers(static_cast<std::int32_t*>(memory), buffer.count, rule.bound, buffer.seed, stream);
    case Content::constant:
    case Content::permutation:
      break;
  }
  const std::vector<std::byte> bytes = calibrate::encode(host_contents(rule, buffer.count), buffer.dtype);
  copy_bytes(bytes.data(), memory, bytes.size(), stream);
}

void copy_bytes(const void* from, void* to, std::size_t bytes, cudaStream_t stream) {
  CUDA_CHECK(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, stream));
  CUDA_CHECK(cudaStreamSynchronize(stream));
}

}  // namespace orrery::cuda
