// Channel<T>: values passed from process to process, first in, first out, with or without a bound on how many
// may lie in it. Receivers are served in order of arrival and get their value at the instant it is sent.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "sim/kernel/ring.hpp"
#include "sim/kernel/wait_queue.hpp"

namespace orrery::kernel {

template <class T>
class Channel {
 public:
  static constexpr std::size_t kUnbounded = std::numeric_limits<std::size_t>::max();

  /// REQUIRES: capacity >= 1.
  Channel(Simulator& simulator, const std::string& name, std::size_t capacity = kUnbounded)
      : receivers_(simulator, "value in channel", name),
        senders_(simulator, "room in channel", name),
        capacity_(capacity) {
    SIM_ASSERT(capacity >= 1, "a channel has room for at least one value");
  }

  std::size_t size() const { return items_.size(); }
  bool closed() const { return closed_; }

  /// Puts a value in without waiting. REQUIRES: not closed, and room (always, if unbounded).
  void push(T value) {
    SIM_ASSERT(!closed_, "nothing can be sent into a closed channel");
    SIM_ASSERT(items_.size() < capacity_, "push() needs room in the channel; send() waits for it");
    deliver(std::move(value));
  }

  /// No value comes any more: receivers get what is left, then nothing. REQUIRES: no sender waits.
  void close() {
    SIM_ASSERT(senders_.empty(), "a channel is closed by its last sender");
    closed_ = true;
    receivers_.wake_all();
  }

  class [[nodiscard]] Receive : private Waiter {
   public:
    explicit Receive(Channel& channel) : channel_(channel) {}
    ~Receive() {
      if (linked() && value_) channel_.take_back(*this);  // granted, but destroyed before it could go on
    }
    bool await_ready() {
      value_ = channel_.take();
      return value_ || channel_.closed_;
    }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> waiting) {
      suspend(waiting);
      channel_.receivers_.push_back(*this);
    }
    std::optional<T> await_resume() {
      unlink();
      resumed();
      return std::move(value_);
    }

   private:
    friend class Channel;
    Channel& channel_;
    std::optional<T> value_;
  };
  /// `std::optional<T> value = co_await channel.receive();` Nothing when the channel is closed and empty.
  Receive receive() { return Receive(*this); }

  class [[nodiscard]] Send : private Waiter {
   public:
    Send(Channel& channel, T value) : channel_(channel), value_(std::move(value)) {}
    bool await_ready() {
      if (!channel_.senders_.empty() || channel_.items_.size() >= channel_.capacity_) return false;
      channel_.push(std::move(value_));
      return true;
    }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> waiting) {
      suspend(waiting);
      channel_.senders_.push_back(*this);
    }
    void await_resume() noexcept { resumed(); }

   private:
    friend class Channel;
    Channel& channel_;
    T value_;
  };
  /// `co_await channel.send(value)`: waits while the channel is full. REQUIRES: not closed.
  Send send(T value) { return Send(*this, std::move(value)); }

 private:
  void deliver(T value) {
    if (receivers_.empty()) {
      items_.push_back(std::optional<T>(std::move(value)));
      return;
    }
    auto& receiver = static_cast<Receive&>(receivers_.front());
    receiver.value_.emplace(std::move(value));
    receiver.wake();
    granted_.push_back(receiver);  // so that the receiver knows whether the channel still lives
  }

  std::optional<T> take() {
    if (items_.empty()) return std::nullopt;
    std::optional<T> value = items_.pop_front();
    if (!senders_.empty()) {
      auto& sender = static_cast<Send&>(senders_.front());
      items_.push_back(std::optional<T>(std::move(sender.value_)));
      sender.wake();
    }
    return value;
  }

  void take_back(Receive& receiver) {
    receiver.unlink();
    if (receivers_.empty()) {
      items_.push_front(std::move(receiver.value_));
    } else {
      deliver(std::move(*receiver.value_));
    }
  }

  WaitQueue receivers_;
  WaitQueue senders_;
  std::size_t capacity_;
  bool closed_ = false;
  Ring<std::optional<T>> items_;
  IntrusiveList<Waiter> granted_;
};

}  // namespace orrery::kernel
