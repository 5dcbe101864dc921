// One block of memory from which tensors are handed out, each starting on a cache line. Calibration and
// trainer both take their buffers from it, so that kernels meet the same page size and alignment in both.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <span>

namespace orrery::cpu {

class Arena {
 public:
  /// What one `take(bytes)` uses up.
  static std::size_t footprint(std::size_t bytes);

  /// Zeroed memory for `take`s with this sum of footprints; huge pages where the system offers them.
  explicit Arena(std::size_t bytes);

  /// The next piece, 64-byte aligned. REQUIRES: the sum of footprints stays within the arena.
  void* take(std::size_t bytes);

  /// Starts again from the first byte; pieces taken before are void, their content stays.
  void clear() { used_ = 0; }
  std::size_t size() const { return size_; }

  /// The next `count` numbers.
  template <class T>
  std::span<T> take_array(std::size_t count) {
    return {static_cast<T*>(take(count * sizeof(T))), count};
  }

 private:
  struct Free {
    void operator()(std::byte* memory) const { std::free(memory); }
  };
  std::unique_ptr<std::byte, Free> memory_;
  std::size_t size_;
  std::size_t used_ = 0;
};

}  // namespace orrery::cpu
