// A scheduled function of the kernel's own users (timers, completions that may be moved): any callable of up
// to 48 bytes, stored in place. Not std::function, which may allocate for each event.
#pragma once

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace orrery::kernel {

class Callback {
 public:
  Callback() = default;
  Callback(const Callback&) = delete;
  Callback& operator=(const Callback&) = delete;
  ~Callback() { reset(); }

  template <class F>
  void emplace(F&& function) {
    using Stored = std::decay_t<F>;
    static_assert(sizeof(Stored) <= kBytes,
                  "a callback holds at most 48 bytes: capture a pointer to the rest");
    static_assert(alignof(Stored) <= alignof(std::max_align_t));
    reset();
    ::new (static_cast<void*>(storage_)) Stored(std::forward<F>(function));
    call_ = [](void* stored) { (*static_cast<Stored*>(stored))(); };
    destroy_ = [](void* stored) { static_cast<Stored*>(stored)->~Stored(); };
  }

  explicit operator bool() const { return call_ != nullptr; }
  void operator()() { call_(storage_); }
  void reset() {
    if (call_ == nullptr) return;
    call_ = nullptr;
    destroy_(storage_);
  }

 private:
  static constexpr std::size_t kBytes = 48;

  alignas(std::max_align_t) std::byte storage_[kBytes];
  void (*call_)(void*) = nullptr;
  void (*destroy_)(void*) = nullptr;
};

}  // namespace orrery::kernel
