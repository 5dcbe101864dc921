#include "sim/kernel/frame_pool.hpp"

#include <cstdint>
#include <new>

// Under AddressSanitizer a freed frame is poisoned while it waits in its list, so that a use after
// destruction is reported as it would be with the system's allocator.
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define ORRERY_POISON(address, size) ASAN_POISON_MEMORY_REGION(address, size)
#define ORRERY_UNPOISON(address, size) ASAN_UNPOISON_MEMORY_REGION(address, size)
#else
#define ORRERY_POISON(address, size) static_cast<void>(0)
#define ORRERY_UNPOISON(address, size) static_cast<void>(0)
#endif

namespace orrery::kernel {

FramePool& FramePool::local() {
  thread_local FramePool pool;
  return pool;
}

void* FramePool::allocate(std::size_t size) {
  const std::size_t lines = (size + kLine - 1) / kLine;
  if (lines > kClasses) return ::operator new(size);
  FreeFrame* frame = free_[lines];
  if (frame == nullptr) return carve(lines * kLine);
  ORRERY_UNPOISON(frame, lines * kLine);
  free_[lines] = frame->next;
  return frame;
}

void FramePool::release(void* frame, std::size_t size) noexcept {
  const std::size_t lines = (size + kLine - 1) / kLine;
  if (lines > kClasses) {
    ::operator delete(frame);
    return;
  }
  auto* free_frame = static_cast<FreeFrame*>(frame);
  free_frame->next = free_[lines];
  free_[lines] = free_frame;
  ORRERY_POISON(frame, lines * kLine);
}

/// The rest of the old slab is lost; slabs double in size, so the loss stays small beside what is in use.
void* FramePool::carve(std::size_t bytes) {
  if (left_ < bytes) {
    slabs_.push_back(std::make_unique_for_overwrite<std::byte[]>(slab_size_ + kLine));
    reserved_ += slab_size_ + kLine;
    std::byte* start = slabs_.back().get();
    const std::size_t misaligned = reinterpret_cast<std::uintptr_t>(start) % kLine;
    next_ = start + (misaligned == 0 ? 0 : kLine - misaligned);
    left_ = slab_size_;
    if (slab_size_ < kLargestSlab) slab_size_ *= 2;
  }
  std::byte* place = next_;
  next_ += bytes;
  left_ -= bytes;
  return place;
}

}  // namespace orrery::kernel
