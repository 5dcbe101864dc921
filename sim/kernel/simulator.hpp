// The clock and the list of what happens next. A Simulator owns the top-level processes and runs events in
// exact (time, sequence) order: whatever is scheduled first for an instant happens first, and nothing else
// (no pointer, hash or container order) has a say, so that the same program gives the same run everywhere.
//
//   Process<> rank(Simulator& sim, Barrier& step) {
//     co_await sim.delay(2_ms);        // compute
//     co_await step.arrive();          // meet the others
//   }
//   Simulator sim;
//   Barrier step(sim, "step", 2);
//   sim.spawn(rank(sim, step), "rank 0");
//   sim.spawn(rank(sim, step), "rank 1");
//   sim.run();
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/base/units.hpp"
#include "sim/kernel/callback.hpp"
#include "sim/kernel/event_queue.hpp"
#include "sim/kernel/intrusive_list.hpp"
#include "sim/kernel/process.hpp"

namespace orrery::kernel {

class Simulator;
class WaitQueue;

/// A process failed with an exception that is none of ours; `what()` names process and time. ScenarioError,
/// BackendError and InternalError keep their type instead, because the exit code hangs on it.
class ProcessError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Nothing is scheduled and processes still wait: `what()` names who waits for what, since when.
class DeadlockError : public InternalError {
 public:
  using InternalError::InternalError;
};

/// A top-level process with its name. Internal to the kernel.
struct Root final : ListNode, Listener {
  Simulator* simulator = nullptr;
  std::string name;
  bool background = false;
  Process<> process;

  std::coroutine_handle<> finished(PromiseBase& promise) noexcept override;
};

/// What `co_await sim.delay(d)` waits on: an event in the queue, withdrawn if the process is destroyed first.
class [[nodiscard]] Delay {
 public:
  Delay(Simulator& simulator, SimTime wake_at) : simulator_(simulator), wake_at_(wake_at) {}
  Delay(const Delay&) = delete;
  Delay& operator=(const Delay&) = delete;
  inline ~Delay();

  bool await_ready() const noexcept { return false; }
  inline void await_suspend(std::coroutine_handle<> waiting);
  void await_resume() noexcept { waiting_ = nullptr; }

 private:
  Simulator& simulator_;
  SimTime wake_at_;
  void* waiting_ = nullptr;  // null when no event of ours is in the queue
};

/// A scheduled callback, by value; may outlive the event, not the simulator. A default one refers to nothing.
class EventHandle {
 public:
  EventHandle() = default;
  /// Withdraws the callback; nothing happens if it ran or was withdrawn before. True if it was withdrawn now.
  bool cancel();
  bool pending() const;

 private:
  friend class Simulator;
  EventHandle(Simulator& simulator, std::uint32_t timer, std::uint32_t generation)
      : simulator_(&simulator), timer_(timer), generation_(generation) {}

  Simulator* simulator_ = nullptr;
  std::uint32_t timer_ = 0;
  std::uint32_t generation_ = 0;
};

class Simulator {
 public:
  Simulator() = default;
  Simulator(const Simulator&) = delete;
  Simulator& operator=(const Simulator&) = delete;
  ~Simulator();

  SimTime now() const { return SimTime{queue_.now_ns()}; }

  /// Passes simulated time: `co_await sim.delay(3_us)`. A delay of 0 lets everything go first that is already
  /// scheduled for this instant. REQUIRES: not negative.
  Delay delay(Seconds duration) { return Delay(*this, later(duration)); }
  /// Passes time until a moment. REQUIRES: not in the past.
  Delay until(SimTime moment) {
    SIM_ASSERT(moment >= now(), "a process cannot wait for the past");
    return Delay(*this, moment);
  }

  /// Takes over a process and starts it at the current instant, after what is already scheduled for it. run()
  /// counts a spawned process that still waits at the end as deadlocked, a background one (a server loop)
  /// not.
  void spawn(Process<> process, std::string name) { add_root(std::move(process), std::move(name), false); }
  void spawn_background(Process<> process, std::string name) {
    add_root(std::move(process), std::move(name), true);
  }

  /// Runs `function()` at a moment. REQUIRES: not in the past.
  template <class F>
  EventHandle at(SimTime moment, F&& function) {
    SIM_ASSERT(moment >= now(), "a callback cannot be scheduled in the past");
    const std::uint32_t index = new_timer();
    Timer& timer = timer_at(index);
    timer.callback.emplace(std::forward<F>(function));
    timer.moment = moment;
    queue_.push(Event{moment.ns, payload(timer)});
    return EventHandle(*this, index, timer.generation);
  }
  template <class F>
  EventHandle after(Seconds duration, F&& function) {
    return at(later(duration), std::forward<F>(function));
  }

  /// Runs until nothing is scheduled. Throws what a process threw (see ProcessError), or DeadlockError. After
  /// an exception the simulator may only be destroyed.
  void run();
  /// Runs everything up to and including `moment`, and leaves the clock there. Waiting processes are no
  /// error.
  void run_until(SimTime moment);

  /// Events delivered so far.
  std::uint64_t events() const { return events_; }
  /// Events still to come.
  std::size_t pending_events() const { return queue_.size(); }
  /// Top-level processes that have not ended.
  std::size_t live_processes() const { return live_; }
  /// One line per waiting process: who waits for what, since when.
  std::vector<std::string> waiting() const;

  /// For the kernel's own awaiters: schedules or withdraws the continuation of a suspended coroutine.
  void schedule(SimTime moment, void* coroutine) {
    queue_.push(Event{moment.ns, reinterpret_cast<std::uintptr_t>(coroutine)});
  }
  void withdraw(SimTime moment, void* coroutine) {
    if (!ending_) queue_.cancel(Event{moment.ns, reinterpret_cast<std::uintptr_t>(coroutine)});
  }
  void list_wait_queue(WaitQueue& queue);

 private:
  friend class EventHandle;
  friend struct Root;

  struct Timer {
    Callback callback;
    SimTime moment;
    std::uint32_t index = 0;
    std::uint32_t generation = 0;
  };
  static constexpr std::size_t kTimersPerBlock = 64;
  static constexpr std::uintptr_t kIsTimer = 1;  // lowest bit of a payload

  static std::uintptr_t payload(Timer& timer) { return reinterpret_cast<std::uintptr_t>(&timer) | kIsTimer; }
  Timer& timer_at(std::uint32_t index) { return timers_[index / kTimersPerBlock][index % kTimersPerBlock]; }
  SimTime later(Seconds duration) const {
    SIM_ASSERT(duration.value() >= 0.0, "a delay cannot be negative");
    return now() + duration;
  }
  std::uint32_t new_timer();
  void retire(Timer& timer);
  bool cancel_timer(std::uint32_t index, std::uint32_t generation);
  bool timer_pending(std::uint32_t index, std::uint32_t generation);
  void run_timer(std::uintptr_t payload);
  void add_root(Process<> process, std::string name, bool background);
  void run_events(std::int64_t limit_ns);
  void reap();
  [[noreturn]] void rethrow_with_context(const Root& root) const;
  [[noreturn]] void report_deadlock() const;

  EventQueue queue_;
  std::uint64_t events_ = 0;
  std::size_t live_ = 0;
  bool ending_ = false;
  std::vector<std::unique_ptr<Timer[]>> timers_;
  std::vector<std::uint32_t> free_timers_;
  IntrusiveList<WaitQueue> wait_queues_;
  std::vector<std::unique_ptr<Root>> spare_roots_;
  IntrusiveList<Root> roots_;
  IntrusiveList<Root> finished_;
};

inline void Delay::await_suspend(std::coroutine_handle<> waiting) {
  waiting_ = waiting.address();
  simulator_.schedule(wake_at_, waiting_);
}

inline Delay::~Delay() {
  if (waiting_ != nullptr) simulator_.withdraw(wake_at_, waiting_);
}

/// A process that only passes time, for when_any and the like.
Process<> sleep(Simulator& simulator, Seconds duration);

}  // namespace orrery::kernel
