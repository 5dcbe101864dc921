// The queue behind every synchronisation object: suspended processes in order of service, under the name that
// a deadlock report prints. A waiter lives in the awaiter, inside the coroutine's frame, so waiting allocates
// nothing and a destroyed process is out of the queue at once.
#pragma once

#include <string>
#include <vector>

#include "sim/kernel/simulator.hpp"

namespace orrery::kernel {

/// One suspended process. States: waiting (linked in a queue), woken (its continuation is scheduled),
/// neither.
class Waiter : public ListNode {
 public:
  Waiter() = default;
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  ~Waiter() {
    if (woken_) root_->simulator->withdraw(since_, coroutine_);
  }

  /// Called from await_suspend, before joining a queue.
  template <class Promise>
  void suspend(std::coroutine_handle<Promise> waiting) {
    coroutine_ = waiting.address();
    root_ = waiting.promise().root();
    since_ = root_->simulator->now();
  }
  /// Leaves its queue; the process goes on at this instant, after what is already scheduled for it.
  void wake() {
    unlink();
    woken_ = true;
    since_ = root_->simulator->now();
    root_->simulator->schedule(since_, coroutine_);
  }
  /// Called from await_resume.
  void resumed() noexcept { woken_ = false; }

  const Root& root() const { return *root_; }
  SimTime since() const { return since_; }

 private:
  void* coroutine_ = nullptr;
  Root* root_ = nullptr;
  SimTime since_;  // start of the wait; once woken, the instant of the wake-up
  bool woken_ = false;
};

/// Waiters of one object. Destroying it strands them: they are unlinked and never woken.
class WaitQueue : public ListNode {
 public:
  /// `kind` is a literal: "gate", "semaphore", ...
  WaitQueue(Simulator& simulator, const char* kind, std::string name)
      : simulator_(simulator), kind_(kind), name_(std::move(name)) {
    simulator.list_wait_queue(*this);
  }
  WaitQueue(const WaitQueue&) = delete;
  WaitQueue& operator=(const WaitQueue&) = delete;

  Simulator& simulator() const { return simulator_; }
  const std::string& name() const { return name_; }
  bool empty() const { return waiters_.empty(); }
  Waiter& front() { return waiters_.front(); }
  void push_back(Waiter& waiter) { waiters_.push_back(waiter); }
  /// Joins behind the last waiter for which `stays_before(other)` holds.
  template <class Predicate>
  void push_behind(Waiter& waiter, Predicate stays_before) {
    waiters_.insert_sorted(waiter, stays_before);
  }
  void wake_all() {
    while (!waiters_.empty()) waiters_.front().wake();
  }
  /// Appends one line per waiter: who waits for what, since when.
  void describe(std::vector<std::string>& lines) const;

 private:
  Simulator& simulator_;
  const char* kind_;
  std::string name_;
  IntrusiveList<Waiter> waiters_;
};

}  // namespace orrery::kernel
