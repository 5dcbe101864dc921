#include "sim/kernel/event_queue.hpp"

#include <algorithm>
#include <bit>
#include <limits>

namespace orrery::kernel {

namespace {
constexpr std::size_t kFirstSlabChunks = 64;
constexpr std::size_t kLargestSlabChunks = 16384;  // 8 MiB
constexpr std::size_t kFirstBottom = 256;

// Slots are gathered until the bottom holds this many events, if they are there: enough to fetch the frames
// of many coroutines at once, and so few of all that new events seldom have to be sorted into the bottom.
constexpr std::size_t kBatchShare = 64;
constexpr std::size_t kSmallestBatch = 4;
constexpr std::size_t kLargestBatch = 32;

/// A coroutine frame's first two lines: what resuming it reads first.
void prefetch_frame(Event event) {
  const auto* frame = reinterpret_cast<const std::byte*>(event.payload);
  __builtin_prefetch(frame);
  __builtin_prefetch(frame + 64);
}
}  // namespace

EventQueue::EventQueue() : full_{nullptr, kChunkEvents, {}} {
  slots_.fill(Slot{nullptr, &full_});
}

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
EventQueue::Chunk* EventQueue::extend(Slot& slot, int level, std::size_t digit) {
  Chunk* chunk = new_chunk();
  if (slot.last == &full_) {
    slot.first = chunk;
    slots_used_[static_cast<std::size_t>(level)] |= std::uint64_t{1} << digit;
    wheels_used_ |= 1U << level;
  } else {
    slot.last->next = chunk;
  }
  slot.last = chunk;
  return chunk;
}

/// Detaches and returns the chain of a slot.
EventQueue::Chunk* EventQueue::take_slot(int level, std::size_t digit) {
  const auto wheel = static_cast<std::size_t>(level);
  Slot& slot = slots_[wheel * kSlots + digit];
  Chunk* chain = slot.first;
  slot = Slot{nullptr, &full_};
  slots_used_[wheel] &= ~(std::uint64_t{1} << digit);
  if (slots_used_[wheel] == 0) wheels_used_ &= ~(1U << level);
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
  if (end_ - head_ > kSpreadAbove) spread_bottom();
}

/// A crowd gathered within the range of the bottom: what lies behind the current instant goes back to the
/// wheels, so that inserting stays cheap. The new cursor agrees with the old one in all digits above those of
/// the slots gathered, and the slots up to the last one gathered are empty, so the places of the events in
/// the wheels stay right.
void EventQueue::spread_bottom() {
  const std::int64_t pivot = std::max(now_, bottom_start_);
  std::uint32_t keep = head_;
  while (keep != end_ && bottom_[keep].time_ns <= pivot) ++keep;
  const std::uint32_t end = end_;
  cursor_ = bottom_start_ = pivot;
  limit_ = pivot + 1;
  end_ = keep;
  for (std::uint32_t i = keep; i != end; ++i) append_to_wheel(bottom_[i]);
}

/// Fills the empty bottom with the events of the earliest slots; false if no slot starts by `limit_ns`.
bool EventQueue::refill(std::int64_t limit_ns) {
  head_ = end_ = 0;
  const std::size_t enough = std::clamp(stored_ / kBatchShare, kSmallestBatch, kLargestBatch);
  int gathered_level = -1;
  while (wheels_used_ != 0) {
    const int level = std::countr_zero(wheels_used_);
    const auto digit =
        static_cast<std::size_t>(std::countr_zero(slots_used_[static_cast<std::size_t>(level)]));
    const int shift = level * kBits;
    const auto above = static_cast<std::uint64_t>(cursor_) >> shift >> kBits;
    const auto start = static_cast<std::int64_t>((above << kBits | digit) << shift);
    if (start > limit_ns) break;
    const Chunk* first = slots_[static_cast<std::size_t>(level) * kSlots + digit].first;
    const bool is_short = first->next == nullptr;
    if (end_ != 0 && (level != gathered_level || !is_short)) break;
    Chunk* chain = take_slot(level, digit);
    cursor_ = start;
    if (end_ == 0) bottom_start_ = start;
    if (!is_short && level != 0) {
      limit_ = start;
      distribute(chain);
      continue;
    }
    gathered_level = level;
    const std::int64_t width = std::int64_t{1} << shift;
    constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();
    limit_ = start > kEnd - width ? kEnd : start + width;
    if (level == 0) {
      move_ties(chain);
    } else {
      move_sorted(*chain);
      free_chunk(chain);
    }
    if (end_ >= enough) break;
  }
  return end_ != 0;
}

void EventQueue::distribute(Chunk* chain) {
  while (chain != nullptr) {
    for (std::uint32_t i = 0; i < chain->count; ++i) append_to_wheel(chain->events[i]);
    Chunk* next = chain->next;
    free_chunk(chain);
    chain = next;
  }
}

/// Appends a slot's events to the bottom in order of time. The place of each is counted, not searched: n^2
/// comparisons without a branch that depends on them are faster than n log n mispredicted ones for the few
/// events of a slot.
void EventQueue::move_sorted(const Chunk& chunk) {
  const std::uint32_t count = chunk.count;
  if (bottom_.size() < end_ + kChunkEvents) bottom_.resize(std::max(kFirstBottom, 2 * bottom_.size()));
  Event* to = bottom_.data() + end_;
  const Event* events = chunk.events.data();
  for (std::uint32_t i = 0; i < count; ++i) {
    const Event event = events[i];
    prefetch_frame(event);
    std::uint32_t place = 0;
    for (std::uint32_t j = 0; j < i; ++j) place += events[j].time_ns <= event.time_ns;
    for (std::uint32_t j = i + 1; j < count; ++j) place += events[j].time_ns < event.time_ns;
    to[place] = event;
  }
  end_ += count;
}

/// Appends events of one time.
void EventQueue::move_ties(Chunk* chain) {
  while (chain != nullptr) {
    if (bottom_.size() < end_ + chain->count) bottom_.resize(std::max(kFirstBottom, 2 * bottom_.size()));
    for (std::uint32_t i = 0; i < chain->count; ++i) {
      prefetch_frame(chain->events[i]);
      bottom_[end_++] = chain->events[i];
    }
    Chunk* next = chain->next;
    free_chunk(chain);
    chain = next;
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
    for (std::size_t digit = 0; digit < kSlots; ++digit) purge_slot(level, digit);
  }
  stored_ -= cancelled_before - cancelled_.size();
}

void EventQueue::purge_slot(int level, std::size_t digit) {
  if (slots_[static_cast<std::size_t>(level) * kSlots + digit].first == nullptr) return;
  Chunk* chain = take_slot(level, digit);
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
