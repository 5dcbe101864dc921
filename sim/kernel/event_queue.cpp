#include "sim/kernel/event_queue.hpp"

#include <algorithm>
#include <bit>
#include <limits>

namespace orrery::kernel {

namespace {
constexpr std::size_t kFirstSlabChunks = 64;
constexpr std::size_t kLargestSlabChunks = 16384;  // 8 MiB
constexpr std::size_t kFirstBottom = 256;
}  // namespace

EventQueue::Chunk* EventQueue::new_chunk() {
  if (free_chunks_ == nullptr) {
    const std::size_t count =
        std::min(kLargestSlabChunks, kFirstSlabChunks << std::min<std::size_t>(slabs_.size(), 20));
    slabs_.push_back(std::make_unique_for_overwrite<Chunk[]>(count));
    for (std::size_t i = count; i-- > 0;) free_chunk(&slabs_.back()[i]);
  }
  Chunk* chunk = free_chunks_;
  free_chunks_ = chunk->next;
  chunk->next = nullptr;
  chunk->count = 0;
  return chunk;
}

/// Gives the slot a new last chunk.
EventQueue::Chunk* EventQueue::extend(Wheel& wheel, int level, std::size_t index) {
  Chunk* chunk = new_chunk();
  Slot& slot = wheel.slots[index];
  if (slot.last == nullptr) {
    slot.first = chunk;
    wheel.used[index / 64] |= std::uint64_t{1} << (index % 64);
    wheels_used_ |= 1U << level;
  } else {
    slot.last->next = chunk;
  }
  slot.last = chunk;
  return chunk;
}

/// Detaches and returns the chain of a slot.
EventQueue::Chunk* EventQueue::take_slot(int level, std::size_t index) {
  Wheel& wheel = wheels_[static_cast<std::size_t>(level)];
  Chunk* chain = wheel.slots[index].first;
  wheel.slots[index] = Slot{};
  wheel.used[index / 64] &= ~(std::uint64_t{1} << (index % 64));
  std::uint64_t any = 0;
  for (std::uint64_t word : wheel.used) any |= word;
  if (any == 0) wheels_used_ &= ~(1U << level);
  return chain;
}

void EventQueue::insert_in_bottom(Event event) {
  if (end_ == bottom_.size()) {
    std::move(bottom_.begin() + head_, bottom_.begin() + end_, bottom_.begin());
    end_ -= head_;
    head_ = 0;
    if (2 * end_ >= bottom_.size()) bottom_.resize(std::max(kFirstBottom, 2 * bottom_.size()));
  }
  std::uint32_t place = end_++;
  for (; place > head_ && bottom_[place - 1].time_ns > event.time_ns; --place)
    bottom_[place] = bottom_[place - 1];
  bottom_[place] = event;
  if (end_ - head_ > kSpreadAbove && bottom_level_ > 0) spread_bottom();
}

/// A crowd gathered within one slot's range: what lies behind the current instant goes back to the finer
/// wheels, which are empty, so that inserting stays cheap. The new cursor agrees with the old one in all
/// bytes of wheels in use, so the places of the events there stay right.
void EventQueue::spread_bottom() {
  const std::int64_t pivot = std::max(now_, cursor_);
  std::uint32_t keep = head_;
  while (keep != end_ && bottom_[keep].time_ns <= pivot) ++keep;
  const std::uint32_t end = end_;
  cursor_ = pivot;
  limit_ = pivot + 1;
  bottom_level_ = 0;
  end_ = keep;
  for (std::uint32_t i = keep; i != end; ++i) append_to_wheel(bottom_[i]);
}

/// Fills the empty bottom with the earliest slot; false if there is none that starts by `limit_ns`.
bool EventQueue::refill(std::int64_t limit_ns) {
  head_ = end_ = 0;
  while (wheels_used_ != 0) {
    const int level = std::countr_zero(wheels_used_);
    const Wheel& wheel = wheels_[static_cast<std::size_t>(level)];
    std::size_t word = 0;
    while (wheel.used[word] == 0) ++word;
    const std::size_t index = 64 * word + static_cast<std::size_t>(std::countr_zero(wheel.used[word]));
    const int shift = level * kBits;
    const auto above = level + 1 == kWheels ? 0 : static_cast<std::uint64_t>(cursor_) >> (shift + kBits);
    const auto start = static_cast<std::int64_t>((above << kBits | index) << shift);
    if (start > limit_ns) return false;
    Chunk* chain = take_slot(level, index);
    cursor_ = start;
    if (level == 0 || chain->next == nullptr) {
      const std::int64_t width = std::int64_t{1} << shift;
      limit_ = start > std::numeric_limits<std::int64_t>::max() - width
                   ? std::numeric_limits<std::int64_t>::max()
                   : start + width;
      bottom_level_ = level;
      move_to_bottom(chain);
      if (level != 0) sort_bottom();
      return true;
    }
    limit_ = start;
    while (chain != nullptr) {
      for (std::uint32_t i = 0; i < chain->count; ++i) append_to_wheel(chain->events[i]);
      Chunk* next = chain->next;
      free_chunk(chain);
      chain = next;
    }
  }
  return false;
}

void EventQueue::move_to_bottom(Chunk* chunk) {
  while (chunk != nullptr) {
    if (bottom_.size() < end_ + chunk->count) bottom_.resize(std::max(kFirstBottom, 2 * bottom_.size()));
    for (std::uint32_t i = 0; i < chunk->count; ++i) {
      bottom_[end_++] = chunk->events[i];
      __builtin_prefetch(reinterpret_cast<const void*>(chunk->events[i].payload));
    }
    Chunk* next = chunk->next;
    free_chunk(chunk);
    chunk = next;
  }
}

/// Insertion sort: stable, and at most kChunkEvents long.
void EventQueue::sort_bottom() {
  for (std::uint32_t i = 1; i < end_; ++i) {
    const Event event = bottom_[i];
    std::uint32_t place = i;
    for (; place > 0 && bottom_[place - 1].time_ns > event.time_ns; --place)
      bottom_[place] = bottom_[place - 1];
    bottom_[place] = event;
  }
}

/// Removes what is cancelled. Visits equal events in the order in which they were pushed, see cancel().
void EventQueue::purge() {
  const std::size_t cancelled_before = cancelled_.size();
  std::uint32_t kept = head_;
  for (std::uint32_t i = head_; i != end_; ++i) {
    if (!cancelled_.erase(bottom_[i])) bottom_[kept++] = bottom_[i];
  }
  end_ = kept;
  for (std::size_t left = instant_.size(); left > 0; --left) {
    const Event event{now_, instant_.pop_front()};
    if (!cancelled_.erase(event)) instant_.push_back(event.payload);
  }
  for (int level = 0; level < kWheels; ++level) {
    for (std::size_t index = 0; index < kSlots; ++index) purge_slot(level, index);
  }
  stored_ -= cancelled_before - cancelled_.size();
}

void EventQueue::purge_slot(int level, std::size_t index) {
  Wheel& wheel = wheels_[static_cast<std::size_t>(level)];
  if (wheel.slots[index].first == nullptr) return;
  Chunk* chain = take_slot(level, index);
  while (chain != nullptr) {
    for (std::uint32_t i = 0; i < chain->count; ++i) {
      if (!cancelled_.erase(chain->events[i])) append_to_wheel(chain->events[i]);
    }
    Chunk* next = chain->next;
    free_chunk(chain);
    chain = next;
  }
}

}  // namespace orrery::kernel
