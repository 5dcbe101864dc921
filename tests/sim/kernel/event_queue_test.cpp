// The event queue against the simplest structure with the same meaning: a binary heap of (time, sequence).
#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <queue>
#include <vector>

#include "sim/base/rng.hpp"
#include "sim/kernel/event_queue.hpp"

namespace {

using orrery::kernel::Event;
using orrery::kernel::EventQueue;

/// Runs the queue and a heap side by side; every difference is an assertion failure.
class Twin {
 public:
  explicit Twin(std::uint64_t seed) : random_(orrery::stream(orrery::Seed{seed}, "queue test")) {}

  orrery::RngStream& random() { return random_; }
  std::int64_t now() const { return now_; }
  std::size_t pending() const { return live_.size(); }

  void push(std::int64_t time) {
    const std::uint64_t sequence = next_++;
    const Event event{time, static_cast<std::uintptr_t>(16 * (sequence + 1))};
    queue_.push(event);
    heap_.push({time, sequence});
    live_.emplace(sequence, event);
  }
  void cancel_random() {
    auto victim = live_.lower_bound(random_.below(next_));
    if (victim == live_.end()) return;
    queue_.cancel(victim->second);
    live_.erase(victim);
  }
  /// False when both are empty up to the limit.
  bool pop(std::int64_t limit) {
    while (!heap_.empty() && live_.count(heap_.top().second) == 0) heap_.pop();
    Event event{};
    const bool expected = !heap_.empty() && heap_.top().first <= limit;
    REQUIRE(queue_.pop(limit, event) == expected);
    REQUIRE(queue_.size() + (expected ? 1 : 0) == live_.size());
    if (!expected) return false;
    const std::uint64_t sequence = heap_.top().second;
    heap_.pop();
    if (event != live_.at(sequence))
      FAIL("event " << event.payload / 16 - 1 << " came instead of " << sequence);
    live_.erase(sequence);
    now_ = event.time_ns;
    return true;
  }
  void advance_to(std::int64_t time) {
    queue_.advance_to(time);
    now_ = time;
  }

 private:
  using Key = std::pair<std::int64_t, std::uint64_t>;

  orrery::RngStream random_;
  EventQueue queue_;
  std::priority_queue<Key, std::vector<Key>, std::greater<>> heap_;
  std::map<std::uint64_t, Event> live_;
  std::uint64_t next_ = 0;
  std::int64_t now_ = 0;
};

constexpr std::int64_t kForever = INT64_MAX;

/// Delays of all kinds: none, ties, near, exponential around `scale`, far, and a far multiple of a round
/// number.
std::int64_t draw_delay(orrery::RngStream& random, double scale) {
  switch (random.below(6)) {
    case 0:
      return 0;
    case 1:
      return static_cast<std::int64_t>(random.below(4));
    case 2:
      return 1000 * static_cast<std::int64_t>(random.below(5));
    case 3:
      return static_cast<std::int64_t>(1000 * random.exponential(scale));
    default:
      return static_cast<std::int64_t>(random.exponential(scale));
  }
}

}  // namespace

TEST_CASE("events of one time come in the order in which they were scheduled") {
  EventQueue queue;
  for (std::uintptr_t i = 1; i <= 1000; ++i) queue.push(Event{i % 3 == 0 ? 500 : 70'000, 16 * i});
  Event event{};
  std::uintptr_t last_early = 0;
  std::uintptr_t last_late = 0;
  while (queue.pop(kForever, event)) {
    std::uintptr_t& last = event.time_ns == 500 ? last_early : last_late;
    REQUIRE(event.payload > last);
    last = event.payload;
  }
  REQUIRE(last_early == 16 * 999);
  REQUIRE(last_late == 16 * 1000);
}

TEST_CASE("the queue delivers what a heap of (time, sequence) delivers") {
  const double scale = GENERATE(1.0, 100.0, 3e4, 1e9, 1e11);
  const int pending = GENERATE(1, 40, 700);
  Twin twin(static_cast<std::uint64_t>(scale) + static_cast<std::uint64_t>(pending));
  for (int i = 0; i < pending; ++i) twin.push(draw_delay(twin.random(), scale));
  for (int i = 0; i < 4000 && twin.pop(kForever); ++i) {
    twin.push(twin.now() + draw_delay(twin.random(), scale));
  }
  while (twin.pop(kForever)) {
  }
}

TEST_CASE("a queue that shrinks and grows keeps the order") {
  Twin twin(11);
  for (int round = 0; round < 6; ++round) {
    for (int i = 0; i < 900; ++i) twin.push(twin.now() + draw_delay(twin.random(), 1e6));
    for (int i = 0; i < 800 + round * 30 && twin.pop(kForever); ++i) {
    }
  }
  while (twin.pop(kForever)) {
  }
}

TEST_CASE("cancelled events never come, whether few or most are cancelled") {
  const int cancellations = GENERATE(1, 3);
  const double scale = GENERATE(10.0, 1e7);
  Twin twin(static_cast<std::uint64_t>(cancellations));
  for (int i = 0; i < 2500; ++i) {
    for (int j = 0; j < 4; ++j) twin.push(twin.now() + draw_delay(twin.random(), scale));
    for (int j = 0; j < cancellations; ++j) twin.cancel_random();
    if (i % 3 == 0) twin.pop(kForever);
  }
  while (twin.pop(kForever)) {
  }
}

TEST_CASE("when most of a long queue is cancelled at once, the rest comes in order") {
  Twin twin(9);
  for (int i = 0; i < 3000; ++i) twin.push(draw_delay(twin.random(), 1e5));
  for (int i = 0; i < 1000; ++i) REQUIRE(twin.pop(kForever));
  for (int i = 0; i < 3000; ++i) {
    twin.push(twin.now() + draw_delay(twin.random(), 1e5));
    twin.cancel_random();
    twin.cancel_random();
  }
  while (twin.pop(kForever)) {
  }
}

TEST_CASE("of equal cancelled and renewed events the renewed one comes, in its own place") {
  EventQueue queue;
  const Event early{100, 16};
  queue.push(early);
  queue.push(Event{100, 32});
  queue.cancel(early);
  queue.push(early);  // the same coroutine address, used again
  Event event{};
  REQUIRE(queue.pop(kForever, event));
  REQUIRE(event.payload == 32);
  REQUIRE(queue.pop(kForever, event));
  REQUIRE(event.payload == 16);
  REQUIRE_FALSE(queue.pop(kForever, event));
}

TEST_CASE("events may be scheduled between the clock and what was looked at when a limit stopped the run") {
  Twin twin(5);
  for (int i = 0; i < 300; ++i) twin.push(draw_delay(twin.random(), 1e8));
  std::int64_t limit = 0;
  for (int step = 0; step < 600; ++step) {
    limit += static_cast<std::int64_t>(twin.random().exponential(step % 5 == 0 ? 1e7 : 100.0));
    while (twin.pop(limit)) {
    }
    twin.advance_to(limit);
    for (int i = 0; i < 3; ++i) twin.push(limit + draw_delay(twin.random(), 1e6));
    twin.cancel_random();
  }
  while (twin.pop(kForever)) {
  }
}

TEST_CASE("a crowd that gathers within a range already sorted keeps the order") {
  Twin twin(6);
  for (int i = 0; i < 20; ++i) twin.push(1'000'000'000 + i * 40'000'000);
  REQUIRE(twin.pop(kForever));
  for (int i = 0; i < 3000; ++i) {
    twin.push(twin.now() + static_cast<std::int64_t>(twin.random().below(30'000'000)));
    if (i % 3 == 0) twin.pop(kForever);
  }
  while (twin.pop(kForever)) {
  }
}

TEST_CASE("the queue holds times up to the end of the range") {
  Twin twin(7);
  for (const std::int64_t time :
       {kForever, kForever - 1, kForever / 2, std::int64_t{1} << 60, std::int64_t{0}}) {
    for (int i = 0; i < 40; ++i) twin.push(time);
  }
  while (twin.pop(kForever)) {
    if (twin.pending() % 7 == 0 && twin.pending() > 0) twin.cancel_random();
  }
}

TEST_CASE("emptied by cancellation only, the queue starts afresh") {
  Twin twin(8);
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 30; ++i) twin.push(twin.now() + 1'000'000 + i);
    while (twin.pending() > 0) twin.cancel_random();
    REQUIRE_FALSE(twin.pop(kForever));
    for (int i = 0; i < 30; ++i) twin.push(twin.now() + 40 - i);
    while (twin.pop(kForever)) {
    }
  }
}
