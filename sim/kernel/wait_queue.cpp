#include "sim/kernel/wait_queue.hpp"

#include <fmt/format.h>

namespace orrery::kernel {

void WaitQueue::describe(std::vector<std::string>& lines) const {
  waiters_.for_each([&](const Waiter& waiter) {
    lines.push_back(fmt::format("process '{}' waits for {} '{}' since t = {:.9f} s", waiter.root().name,
                                kind_, name_, waiter.since().seconds().value()));
  });
}

}  // namespace orrery::kernel
