// Waiting for several processes at once. The children run as parts of the awaiting process, start in the
// order given at the instant of the co_await, and are owned by the awaiter.
//   co_await when_all(a(), b());                      // both; if one fails, the others are destroyed
//   std::size_t first = co_await when_any(a(), b());  // the first to end; the others are destroyed
// Destroyed means cancelled, and a failure is re-thrown by the co_await. The vector forms take any number.
// Children with a result give std::vector<T>, or the pair (index, T) of the first.
#pragma once

#include <utility>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/kernel/process.hpp"

namespace orrery::kernel {

/// Common part: starts the children; resumes the parent once `needed` of them have ended or one has failed.
template <class T>
class Join : private Listener {
 public:
  Join(const Join&) = delete;
  Join& operator=(const Join&) = delete;

  bool await_ready() const noexcept { return needed_ == 0; }

  template <class P>
  bool await_suspend(std::coroutine_handle<P> parent) {
    parent_ = parent;
    for (Process<T>& child : children_) {
      child.promise().set_root(parent.promise().root());
      child.promise().set_listener(this);
      child.handle().resume();
      if (decided()) return false;
    }
    started_ = true;
    return true;
  }

 protected:
  enum class Needed { all, one };
  Join(std::vector<Process<T>> children, Needed needed)
      : children_(std::move(children)), needed_(needed == Needed::all ? children_.size() : 1) {}
  ~Join() = default;

  void rethrow_failure() const {
    if (failed_) last_ended_->rethrow_error();
  }

  std::vector<Process<T>> children_;
  PromiseBase* last_ended_ = nullptr;

 private:
  bool decided() const { return failed_ || ended_ >= needed_; }

  std::coroutine_handle<> finished(PromiseBase& promise) noexcept override {
    last_ended_ = &promise;
    ++ended_;
    failed_ = promise.error() != nullptr;
    return started_ && decided() ? parent_ : std::noop_coroutine();
  }

  std::size_t needed_;
  std::size_t ended_ = 0;
  bool failed_ = false;
  bool started_ = false;
  std::coroutine_handle<> parent_;
};

template <class T>
class [[nodiscard]] WhenAll final : public Join<T> {
 public:
  explicit WhenAll(std::vector<Process<T>> children) : Join<T>(std::move(children), Join<T>::Needed::all) {}

  auto await_resume() {
    this->rethrow_failure();
    if constexpr (!std::is_void_v<T>) {
      std::vector<T> results;
      results.reserve(this->children_.size());
      for (Process<T>& child : this->children_) results.push_back(child.promise().take());
      return results;
    }
  }
};

template <class T>
class [[nodiscard]] WhenAny final : public Join<T> {
 public:
  explicit WhenAny(std::vector<Process<T>> children) : Join<T>(std::move(children), Join<T>::Needed::one) {
    SIM_ASSERT(!this->children_.empty(), "when_any needs at least one process");
  }

  /// Destroys the losers before the parent goes on.
  auto await_resume() {
    this->rethrow_failure();
    std::size_t first = 0;
    while (static_cast<PromiseBase*>(&this->children_[first].promise()) != this->last_ended_) ++first;
    const std::vector<Process<T>> children = std::move(this->children_);
    if constexpr (std::is_void_v<T>) {
      return first;
    } else {
      return std::pair<std::size_t, T>(first, children[first].promise().take());
    }
  }
};

template <class T>
WhenAll<T> when_all(std::vector<Process<T>> children) {
  return WhenAll<T>(std::move(children));
}
template <class T>
WhenAny<T> when_any(std::vector<Process<T>> children) {
  return WhenAny<T>(std::move(children));
}

/// The processes as a vector (an initializer list cannot be moved from).
template <class T, class... More>
std::vector<Process<T>> processes(Process<T> first, More... more) {
  std::vector<Process<T>> result;
  result.reserve(1 + sizeof...(more));
  result.push_back(std::move(first));
  (result.push_back(std::move(more)), ...);
  return result;
}
template <class T, class... More>
WhenAll<T> when_all(Process<T> first, More... more) {
  return WhenAll<T>(processes(std::move(first), std::move(more)...));
}
template <class T, class... More>
WhenAny<T> when_any(Process<T> first, More... more) {
  return WhenAny<T>(processes(std::move(first), std::move(more)...));
}

}  // namespace orrery::kernel
