// What the event queue stores: a moment and an opaque payload, 16 bytes. The queue knows nothing of
// coroutines or timers; the simulator that pops an event knows from the payload's lowest bit which of the two
// it is.
#pragma once

#include <cstdint>

namespace orrery::kernel {

struct Event {
  std::int64_t time_ns;
  std::uintptr_t payload;  ///< a coroutine's address, or a timer's with its lowest bit set; never 0

  bool operator==(const Event&) const = default;
};

}  // namespace orrery::kernel
