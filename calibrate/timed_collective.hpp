// A collective as it is timed, whatever memory it moves: buffers of the right share for each kind, a common
// start, one call over the Communicator seam, the time until this rank is done. The backends bring their
// memory and clock as a CollectiveMedium, so that CPU and GPU measure by the same rules.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "calibrate/backend.hpp"
#include "calibrate/communicator.hpp"

namespace orrery::calibrate {

/// Memory and clock of one prepared collective. The communicator takes spans over this memory.
class CollectiveMedium {
 public:
  virtual ~CollectiveMedium() = default;
  /// `count` numbers that live as long as the medium; called at most twice.
  virtual std::span<float> take(std::size_t count) = 0;
  /// Repeats `pattern` (host memory, not empty) over `target`, the last time as far as it goes.
  virtual void fill(std::span<float> target, std::span<const float> pattern) = 0;
  /// Starts the clock; the ranks have just met.
  virtual void start() = 0;
  /// Waits until this rank's part is done; the time since `start`.
  virtual Seconds stop() = 0;
};

/// Numbers in the larger of the two buffers that a medium is asked for.
std::size_t collective_buffer_elements(const cost::CollectiveCase& collective);

/// Over all ranks of `group`; none: this rank takes no part, and `run` returns 0.
std::unique_ptr<TimedOp> timed_collective(const cost::CollectiveCase& collective,
                                          std::unique_ptr<Communicator> group,
                                          std::unique_ptr<CollectiveMedium> medium);

}  // namespace orrery::calibrate
