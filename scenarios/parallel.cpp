#include "scenarios/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace orrery::scenario {
namespace {

/// True on a thread that does such work already: what it starts in turn runs on itself, the cores being busy.
thread_local bool at_work = false;

}  // namespace

void for_each_index(std::size_t count, int threads, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  std::size_t failed_at = count;
  const auto take_turns = [&] {
    const bool nested = std::exchange(at_work, true);
    for (std::size_t i = next++; i < count; i = next++) {
      try {
        work(i);
      } catch (...) {
        next = count;
        const std::lock_guard lock(mutex);
        if (i < failed_at) failed_at = i, failure = std::current_exception();
      }
    }
    at_work = nested;
  };
  const std::size_t wanted = at_work ? 1 : threads > 0 ? static_cast<std::size_t>(threads) : std::thread::hardware_concurrency();
  const std::size_t helpers = std::max<std::size_t>(1, std::min(wanted, count)) - 1;  // this thread works, too
  std::vector<std::thread> pool;
  pool.reserve(helpers);
  try {
    for (std::size_t i = 0; i < helpers; ++i) pool.emplace_back(take_turns);
  } catch (const std::system_error&) {
    // The system gives no further thread: those that there are do the work.
  }
  take_turns();
  for (std::thread& thread : pool) thread.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace orrery::scenario
