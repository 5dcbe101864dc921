// Memory of coroutine frames. Simulations start and end processes millions of times, all of a few frame
// sizes; the pool keeps freed frames in one list per size class, so that in steady state no process asks the
// system for memory. One pool per thread (thread_local): simulators of different threads never share a list
// and need no lock. REQUIRES: a process is destroyed on the thread that created it, before that thread ends.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

namespace orrery::kernel {

class FramePool {
 public:
  static FramePool& local();

  void* allocate(std::size_t size);
  void release(void* frame, std::size_t size) noexcept;

  /// Bytes taken from the system so far, for tests and reports.
  std::size_t reserved_bytes() const { return reserved_; }

 private:
  struct FreeFrame {
    FreeFrame* next;
  };
  static constexpr std::size_t kLine = 64;     // frames start on a cache line and are counted in lines
  static constexpr std::size_t kClasses = 32;  // up to 2 KiB; longer frames go to the system
  static constexpr std::size_t kFirstSlab = std::size_t{1} << 16;
  static constexpr std::size_t kLargestSlab = std::size_t{1} << 23;

  void* carve(std::size_t bytes);

  std::array<FreeFrame*, kClasses + 1> free_{};
  std::vector<std::unique_ptr<std::byte[]>> slabs_;
  std::byte* next_ = nullptr;
  std::size_t left_ = 0;
  std::size_t slab_size_ = kFirstSlab;
  std::size_t reserved_ = 0;
};

}  // namespace orrery::kernel
