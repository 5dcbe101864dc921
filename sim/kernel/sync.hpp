// Where processes meet: Gate (a condition that opens), Semaphore (units of something scarce) and Barrier (all
// parties or none); Channel<T> is in channel.hpp, when_all and when_any in when.hpp. Every object has a name,
// because a deadlock report says who waits for what. Waiters are served first come, first served; a woken
// process goes on at the same instant, after what is already scheduled for it. A destroyed waiter leaves its
// queue and gives back what it had been granted. The objects may die before the simulator; processes that
// still wait for them are stranded.
#pragma once

#include <cstdint>
#include <string>

#include "sim/kernel/wait_queue.hpp"

namespace orrery::kernel {

/// Closed at first. While it is open, processes pass; while it is closed, they wait for the next open().
class Gate {
 public:
  Gate(Simulator& simulator, std::string name) : queue_(simulator, "gate", std::move(name)) {}

  bool is_open() const { return open_; }
  /// Lets every waiting process go on, even if the gate closes again before they run.
  void open() {
    open_ = true;
    queue_.wake_all();
  }
  void close() { open_ = false; }

  class [[nodiscard]] Wait {
   public:
    explicit Wait(Gate& gate) : gate_(gate) {}
    bool await_ready() const noexcept { return gate_.open_; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> waiting) {
      waiter_.suspend(waiting);
      gate_.queue_.push_back(waiter_);
    }
    void await_resume() noexcept { waiter_.resumed(); }

   private:
    Gate& gate_;
    Waiter waiter_;
  };
  /// `co_await gate.wait()`
  Wait wait() { return Wait(*this); }

 private:
  WaitQueue queue_;
  bool open_ = false;
};

class Semaphore;

/// Units of a semaphore in someone's hands; destroying it, also by cancellation, gives them back.
class [[nodiscard]] Permit : public ListNode {
 public:
  Permit() = default;
  Permit(Permit&& other) noexcept = default;
  Permit& operator=(Permit&& other) noexcept;
  ~Permit() { release(); }

  bool held() const { return linked(); }
  void release();

 private:
  friend class Semaphore;

  Semaphore* semaphore_ = nullptr;  // meaningful while held: a dying semaphore unlinks its permits
  std::int64_t units_ = 0;
};

/// A count of units. Lower `priority` values are served first, equal ones first come, first served. A request
/// at the head that does not fit holds up those behind it, so that large ones do not starve.
class Semaphore {
 public:
  Semaphore(Simulator& simulator, std::string name, std::int64_t units);

  std::int64_t capacity() const { return capacity_; }
  std::int64_t available() const { return available_; }

  class [[nodiscard]] Acquire : private Waiter {
   public:
    Acquire(Semaphore& semaphore, std::int64_t units, int priority)
        : semaphore_(semaphore), units_(units), priority_(priority) {}
    ~Acquire() {
      if (linked()) semaphore_.leave(*this);
    }
    bool await_ready() { return semaphore_.grant_at_once(*this); }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> waiting) {
      suspend(waiting);
      semaphore_.enqueue(*this);
    }
    Permit await_resume() noexcept {
      resumed();
      return std::move(permit_);
    }

   private:
    friend class Semaphore;
    Semaphore& semaphore_;
    std::int64_t units_;
    int priority_;
    Permit permit_;
  };
  /// `Permit permit = co_await semaphore.acquire();` REQUIRES: 1 <= units <= capacity.
  Acquire acquire(std::int64_t units = 1, int priority = 0);

 private:
  friend class Permit;

  bool grant_at_once(Acquire& request);
  void enqueue(Acquire& request);
  void leave(Acquire& request);
  void grant(Acquire& request);
  void serve();

  WaitQueue queue_;
  std::int64_t capacity_;
  std::int64_t available_;
  IntrusiveList<Permit> permits_;
};

/// A meeting of a fixed number of parties: each arrival waits until all have arrived; the last one goes
/// straight on, the others at the same instant. Then the next round begins. An arrival that is destroyed does
/// not count.
class Barrier {
 public:
  Barrier(Simulator& simulator, std::string name, int parties);

  int parties() const { return parties_; }
  int arrived() const { return arrived_; }

  class [[nodiscard]] Arrive {
   public:
    explicit Arrive(Barrier& barrier) : barrier_(barrier) {}
    Arrive(const Arrive&) = delete;
    Arrive& operator=(const Arrive&) = delete;
    ~Arrive() {
      if (waiter_.linked()) --barrier_.arrived_;
    }
    bool await_ready() { return barrier_.completes_round(); }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> waiting) {
      waiter_.suspend(waiting);
      barrier_.queue_.push_back(waiter_);
      ++barrier_.arrived_;
    }
    void await_resume() noexcept { waiter_.resumed(); }

   private:
    Barrier& barrier_;
    Waiter waiter_;
  };
  /// `co_await barrier.arrive()`
  Arrive arrive() { return Arrive(*this); }

 private:
  bool completes_round();

  WaitQueue queue_;
  int parties_;
  int arrived_ = 0;
};

}  // namespace orrery::kernel
