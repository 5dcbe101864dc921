// Independent pieces of work on several threads, for many simulations at once. A simulation itself has one thread; what
// runs here must share nothing that changes.
#pragma once

#include <cstddef>
#include <functional>

namespace orrery::scenario {

/// Calls `work(i)` once for each i < count, on at most `threads` threads (0: as many as the machine has; fewer where the
/// system gives no more; one when called from inside such work), in the order of i as threads become free. When a call
/// throws, no further ones start, and the exception of the smallest such i is thrown after those under way have ended.
void for_each_index(std::size_t count, int threads, const std::function<void(std::size_t)>& work);

}  // namespace orrery::scenario
