// A process: a C++20 coroutine that lives in simulated time. It is lazy (nothing runs before it is awaited
// or spawned), owned by whoever holds the Process value, and destroying that value destroys the frame with
// everything in it, at whatever point it waits: that is cancellation. Awaiting a process runs it as a part
// of the awaiting one; its exceptions come out of the co_await.
//
// Rules for coroutines: parameters by value, or references to things that outlive the run; no capturing
// lambda as a coroutine; no co_await in a catch block; each co_await in its own statement.
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <utility>

#include "sim/kernel/frame_pool.hpp"

namespace orrery::kernel {

template <class T = void>
class Process;
class PromiseBase;
struct Root;

/// Who is told when a process ends instead of an awaiting coroutine: a simulator or a when_all / when_any.
class Listener {
 public:
  /// Returns the coroutine to go on with. The process is suspended at its end and may be destroyed from here
  /// on.
  virtual std::coroutine_handle<> finished(PromiseBase& promise) noexcept = 0;

 protected:
  ~Listener() = default;
};

/// What the promises of all processes share.
class PromiseBase {
 public:
  struct FinalAwaiter {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
      PromiseBase& promise = ended.promise();
      if (promise.listener_ != nullptr) return promise.listener_->finished(promise);
      return promise.continuation_;
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() const noexcept { return {}; }
  FinalAwaiter final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { error_ = std::current_exception(); }

  static void* operator new(std::size_t size) { return FramePool::local().allocate(size); }
  static void operator delete(void* frame, std::size_t size) noexcept {
    FramePool::local().release(frame, size);
  }

  /// The top-level process that this one is a part of; null before it starts.
  Root* root() const { return root_; }
  void set_root(Root* root) { root_ = root; }
  void set_listener(Listener* listener) { listener_ = listener; }
  void set_continuation(std::coroutine_handle<> continuation) { continuation_ = continuation; }
  const std::exception_ptr& error() const { return error_; }
  void rethrow_error() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  Root* root_ = nullptr;
  Listener* listener_ = nullptr;
  std::coroutine_handle<> continuation_ = std::noop_coroutine();
  std::exception_ptr error_;
};

template <class T>
class Promise final : public PromiseBase {
 public:
  Process<T> get_return_object() noexcept;
  template <class U>
  void return_value(U&& value) {
    value_.emplace(std::forward<U>(value));
  }
  T take() {
    rethrow_error();
    return std::move(*value_);
  }

 private:
  std::optional<T> value_;
};

template <>
class Promise<void> final : public PromiseBase {
 public:
  Process<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void take() const { rethrow_error(); }
};

template <class T>
class [[nodiscard]] Process {
 public:
  using promise_type = Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  Process() = default;
  explicit Process(Handle handle) : handle_(handle) {}
  Process(Process&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Process& operator=(Process&& other) noexcept {
    if (this != &other) {
      destroy();
      handle_ = std::exchange(other.handle_, {});
    }
    return *this;
  }
  ~Process() { destroy(); }

  bool valid() const { return static_cast<bool>(handle_); }
  bool done() const { return handle_.done(); }
  Handle handle() const { return handle_; }
  promise_type& promise() const { return handle_.promise(); }

  /// Destroys the frame: the process ends where it stands, without running further.
  void destroy() {
    if (handle_) std::exchange(handle_, {}).destroy();
  }

  /// Starts the process and suspends the awaiting one until it ended. REQUIRES: not started before.
  auto operator co_await() const noexcept { return Awaiter{handle_}; }

 private:
  struct Awaiter {
    Handle child;

    bool await_ready() const noexcept { return false; }
    /// Runs the child up to its first wait. One that ends without waiting lets the parent go straight on, so
    /// that a loop over such children needs no stack, not even in builds without tail calls.
    template <class P>
    bool await_suspend(std::coroutine_handle<P> parent) const {
      child.promise().set_root(parent.promise().root());
      child.resume();
      if (child.done()) return false;
      child.promise().set_continuation(parent);
      return true;
    }
    T await_resume() const { return child.promise().take(); }
  };

  Handle handle_;
};

template <class T>
Process<T> Promise<T>::get_return_object() noexcept {
  return Process<T>(std::coroutine_handle<Promise>::from_promise(*this));
}
inline Process<void> Promise<void>::get_return_object() noexcept {
  return Process<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

}  // namespace orrery::kernel
