// The seam to message passing between ranks: what the reference trainer and the calibration of collectives
// need. MpiCommunicator does it over OpenMPI; LocalCommunicator is one rank alone.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "sim/base/units.hpp"

namespace orrery::calibrate {

/// All calls are collective over all ranks and block until this rank's part is done, except send and receive.
/// Not thread-safe: one thread per rank communicates.
class Communicator {
 public:
  virtual ~Communicator() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;

  virtual void barrier() = 0;
  /// A meeting with a deadline, counted from each rank's own arrival: the ranks that did not come in time, as
  /// far as this rank can know; empty: all came. Blocks at most about twice the deadline. For the moment when
  /// something hangs and the user wants to know who: it lets go of nobody who is missing.
  virtual std::vector<int> missing_after(Seconds deadline) = 0;
  /// The same, but a rank that waits leaves its core and the memory bus to the others, at the price of waking
  /// up some tens of microseconds late.
  virtual void patient_barrier() { barrier(); }
  /// In place, element-wise sum. Same rank count and sizes, same bits.
  virtual void all_reduce_sum(std::span<float> data) = 0;
  virtual double all_reduce_max(double value) = 0;
  /// `input` has size() * output.size() elements; `output` gets the sum of this rank's part.
  virtual void reduce_scatter_sum(std::span<const float> input, std::span<float> output) = 0;
  /// `output` has size() * input.size() elements.
  virtual void all_gather(std::span<const float> input, std::span<float> output) = 0;
  virtual void broadcast(std::span<std::byte> data, int root) = 0;
  virtual void send(std::span<const std::byte> data, int to) = 0;
  virtual void receive(std::span<std::byte> data, int from) = 0;
  /// A communicator of the first `count` ranks, none on the others. It must not outlive this one.
  virtual std::unique_ptr<Communicator> first_ranks(int count) = 0;
};

}  // namespace orrery::calibrate
