// The multiset of events that were cancelled but still stand in the queue: an open hash table, so that
// cancelling allocates nothing in steady state, and that costs a run without cancellations one test of a
// counter per event.
#pragma once

#include <vector>

#include "sim/kernel/event.hpp"

namespace orrery::kernel {

class CancelledEvents {
 public:
  bool empty() const { return count_ == 0; }
  std::size_t size() const { return count_; }

  void insert(Event event) {
    if (2 * (count_ + 1) > table_.size()) grow();
    ++count_;
    place(event);
  }

  /// Removes one entry equal to `event`; false if there is none. Later entries of the probe sequence move up,
  /// so no tombstones stay (Knuth, TAOCP 3, 6.4, algorithm R).
  bool erase(Event event) {
    const std::size_t mask = table_.size() - 1;
    std::size_t hole = home(event);
    while (table_[hole] != event) {
      if (table_[hole].payload == kFree) return false;
      hole = (hole + 1) & mask;
    }
    for (std::size_t next = (hole + 1) & mask; table_[next].payload != kFree; next = (next + 1) & mask) {
      const std::size_t wanted = home(table_[next]);
      if (((next - wanted) & mask) < ((next - hole) & mask)) continue;  // it may not stand before its home
      table_[hole] = table_[next];
      hole = next;
    }
    table_[hole].payload = kFree;
    --count_;
    return true;
  }

 private:
  static constexpr std::uintptr_t kFree = 0;  // no payload is a null pointer

  std::size_t home(Event event) const {
    std::uint64_t h = static_cast<std::uint64_t>(event.time_ns) * 0x9E3779B97F4A7C15ULL;
    h = (h ^ event.payload ^ (h >> 32)) * 0xD6E8FEB86659FD93ULL;
    return static_cast<std::size_t>(h >> 32) & (table_.size() - 1);
  }
  void place(Event event) {
    std::size_t i = home(event);
    while (table_[i].payload != kFree) i = (i + 1) & (table_.size() - 1);
    table_[i] = event;
  }
  void grow() {
    std::vector<Event> old(table_.empty() ? 64 : 2 * table_.size(), Event{0, kFree});
    old.swap(table_);
    for (const Event& event : old) {
      if (event.payload != kFree) place(event);
    }
  }

  std::vector<Event> table_;  // the size is a power of two
  std::size_t count_ = 0;
};

}  // namespace orrery::kernel
