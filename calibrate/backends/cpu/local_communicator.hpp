// One rank alone: every collective is the identity and costs nothing. It lets the trainer and the calibration
// run the same code with and without MPI.
#pragma once

#include "calibrate/communicator.hpp"

namespace orrery::cpu {

class LocalCommunicator : public calibrate::Communicator {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  void barrier() override {}
  std::vector<int> missing_after(Seconds) override { return {}; }
  void all_reduce_sum(std::span<float>) override {}
  double all_reduce_max(double value) override { return value; }
  void reduce_scatter_sum(std::span<const float> input, std::span<float> output) override;
  void all_gather(std::span<const float> input, std::span<float> output) override;
  void broadcast(std::span<std::byte>, int) override {}
  /// There is nobody to talk to: an internal error.
  void send(std::span<const std::byte> data, int to) override;
  void receive(std::span<std::byte> data, int from) override;
  std::unique_ptr<calibrate::Communicator> first_ranks(int count) override;
};

}  // namespace orrery::cpu
