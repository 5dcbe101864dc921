// A first-in first-out queue in one block of memory that grows by doubling and is never given back, so that a
// queue in steady state allocates nothing (std::deque takes and frees a block every few hundred bytes).
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace orrery::kernel {

template <class T>
class Ring {
 public:
  bool empty() const { return first_ == last_; }
  std::size_t size() const { return last_ - first_; }

  void push_back(T item) {
    if (size() == slots_.size()) grow();
    slots_[last_++ & (slots_.size() - 1)] = std::move(item);
  }
  void push_front(T item) {
    if (size() == slots_.size()) grow();
    slots_[--first_ & (slots_.size() - 1)] = std::move(item);
  }
  /// REQUIRES: not empty.
  T pop_front() { return std::move(slots_[first_++ & (slots_.size() - 1)]); }

 private:
  void grow() {
    std::vector<T> larger(slots_.empty() ? 64 : 2 * slots_.size());
    const std::size_t count = size();
    for (std::size_t i = 0; i < count; ++i) larger[i] = std::move(slots_[(first_ + i) & (slots_.size() - 1)]);
    slots_.swap(larger);
    first_ = 0;
    last_ = count;
  }

  std::vector<T> slots_;   // the size is a power of two
  std::size_t first_ = 0;  // running counts (they may wrap); a place is the count modulo the size
  std::size_t last_ = 0;
};

}  // namespace orrery::kernel
