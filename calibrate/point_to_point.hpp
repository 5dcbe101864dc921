// The seam to messages between two ranks that are under way while the rank does something else: what executing a
// collective plan needs, beside the blocking calls of communicator.hpp. cpu::MpiSession makes one over Open MPI; tests use
// one in memory.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace orrery::calibrate {

/// Messages of one pair of ranks and one tag arrive in the order in which they were started. Not thread-safe.
class PointToPoint {
 public:
  /// A message that is under way, from its start until poll() reports it; then the number may be used again. Small.
  using Request = std::size_t;

  virtual ~PointToPoint() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;

  /// Starts a message. `data` stays untouched until the request is finished. REQUIRES: 0 <= tag < 1024, to != rank().
  virtual Request send(std::span<const float> data, int to, int tag) = 0;
  /// Starts to wait for one of exactly that length. `data` belongs to the request until it is finished.
  virtual Request receive(std::span<float> data, int from, int tag) = 0;
  /// Moves messages on and appends the requests that have finished since the last call; does not block.
  virtual void poll(std::vector<Request>& finished) = 0;
  /// After a poll that found nothing: leaves the core to other ranks for some tens of microseconds.
  virtual void pause() = 0;
};

}  // namespace orrery::calibrate
