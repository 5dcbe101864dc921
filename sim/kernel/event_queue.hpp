// The future of a simulation: events in exact (time, sequence) order, where the sequence is the order in
// which they were scheduled. Eleven wheels of 64 slots form a radix trie over the bits of the time (after
// Varghese and Lauck's timing wheels, SOSP 1987, and the radix heap of Ahuja et al., J. ACM 37, 1990): an
// event is appended to a slot, moves to a finer wheel at most 10 times, and is compared only with the few
// others of its last slot.
//
// Invariants
//  1. bottom_ holds, sorted, every event before limit_; the wheels hold every event at or after it. Events
//     scheduled for the instant at which they are scheduled wait in instant_ instead: they come after their
//     equals in bottom_.
//  2. An event of time t lies in the wheel of the highest 6-bit digit in which t differs from cursor_, in
//     the slot of that digit of t. So the first slot of the lowest wheel in use holds the earliest events.
//  3. Equal times keep the order in which they were pushed: slots are only appended to, are emptied from
//     their front into empty ones, and are sorted by a stable sort. No sequence number needs to be stored.
//  4. bottom_start_ <= cursor_ <= limit_, and they differ only in the digit of one wheel and those below.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "sim/base/units.hpp"
#include "sim/kernel/cancelled_events.hpp"
#include "sim/kernel/event.hpp"
#include "sim/kernel/ring.hpp"

namespace orrery::kernel {

class EventQueue {
 public:
  EventQueue();
  EventQueue(const EventQueue&) = delete;
  EventQueue& operator=(const EventQueue&) = delete;

  /// Number of events that will still be delivered.
  std::size_t size() const { return stored_ - cancelled_.size(); }

  /// Schedules `event`. REQUIRES: event.time_ns >= the time of the last popped event or advance_to().
  void push(Event event) {
    ++stored_;
    if (event.time_ns == now_) {
      instant_.push_back(event.payload);
    } else if (event.time_ns < limit_) {
      insert_in_bottom(event);
    } else {
      append_to_wheel(event);
    }
  }

  /// Takes out the earliest event if its time is at most `limit_ns`. The payload is prefetched some events
  /// ahead.
  bool pop(std::int64_t limit_ns, Event& out) {
    for (;;) {
      if (!instant_.empty() && !(head_ != end_ && bottom_[head_].time_ns == now_)) [[unlikely]] {
        if (now_ > limit_ns) return false;
        out = Event{now_, instant_.pop_front()};
      } else {
        if (head_ == end_ && !refill(limit_ns)) return false;
        if (bottom_[head_].time_ns > limit_ns) return false;
        out = bottom_[head_++];
      }
      --stored_;
      if (!cancelled_.empty() && cancelled_.erase(out)) [[unlikely]]
        continue;
      now_ = out.time_ns;
      return true;
    }
  }

  /// Withdraws one pushed event. REQUIRES: it is in the queue. It stays stored until its time comes or until
  /// more than half of the queue is cancelled. Of equal events the one pushed first is meant: a payload is
  /// only used again at the same time after its event was cancelled, so any still valid one comes later.
  void cancel(Event event) {
    cancelled_.insert(event);
    if (cancelled_.size() > kPurgeAbove && 2 * cancelled_.size() > stored_) purge();
  }

  std::int64_t now_ns() const { return now_; }

  /// Moves the clock without an event. REQUIRES: no event before `time_ns` is left.
  void advance_to(std::int64_t time_ns) { now_ = time_ns; }

 private:
  static constexpr int kBits = 6;  // of the time per wheel
  static constexpr int kWheels = (64 + kBits - 1) / kBits;
  static constexpr std::size_t kSlots = std::size_t{1} << kBits;
  static constexpr std::uint32_t kChunkEvents = 31;  // 512 bytes; also the longest slot that is sorted
  static constexpr std::uint32_t kSpreadAbove = 128;
  static constexpr std::size_t kPurgeAbove = 1024;

  struct Chunk {
    Chunk* next;
    std::uint32_t count;
    std::array<Event, kChunkEvents> events;
  };
  struct Slot {
    Chunk* first = nullptr;
    Chunk* last = nullptr;  // full_, which has no room, while the slot is empty
  };

  void append_to_wheel(Event event) {
    const auto time = static_cast<std::uint64_t>(event.time_ns);
    const int level = (63 - __builtin_clzll((time ^ static_cast<std::uint64_t>(cursor_)) | 1)) / kBits;
    const std::size_t digit = static_cast<std::size_t>(time >> (level * kBits)) % kSlots;
    Slot& slot = slots_[static_cast<std::size_t>(level) * kSlots + digit];
    Chunk* chunk = slot.last;
    if (chunk->count == kChunkEvents) chunk = extend(slot, level, digit);
    chunk->events[chunk->count++] = event;
  }

  Chunk* extend(Slot& slot, int level, std::size_t digit);
  Chunk* new_chunk();
  void free_chunk(Chunk* chunk) {
    chunk->next = free_chunks_;
    free_chunks_ = chunk;
  }
  void insert_in_bottom(Event event);
  void spread_bottom();
  bool refill(std::int64_t limit_ns);
  void move_sorted(const Chunk& chunk);
  void move_ties(Chunk* chain);
  void distribute(Chunk* chain);
  Chunk* take_slot(int level, std::size_t digit);
  void purge();
  void purge_slot(int level, std::size_t digit);

  std::int64_t now_ = 0;
  std::int64_t limit_ = 0;
  std::int64_t cursor_ = 0;
  std::uint32_t head_ = 0;  // bottom_[head_ .. end_) are live
  std::uint32_t end_ = 0;
  std::uint32_t wheels_used_ = 0;  // one bit per wheel
  std::int64_t bottom_start_ = 0;  // of the first slot gathered into bottom_
  std::size_t stored_ = 0;
  Chunk* free_chunks_ = nullptr;
  std::vector<Event> bottom_;
  Ring<std::uintptr_t> instant_;
  CancelledEvents cancelled_;
  std::array<std::uint64_t, kWheels> slots_used_{};  // per wheel one bit per slot
  std::array<Slot, kWheels * kSlots> slots_;
  std::vector<std::unique_ptr<Chunk[]>> slabs_;
  Chunk full_;
};

}  // namespace orrery::kernel
