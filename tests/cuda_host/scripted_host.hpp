// A host communicator that plays one rank of a job whose other ranks do what a test says: who is missing at a
// meeting, and what rank 0 broadcasts.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "calibrate/communicator.hpp"

namespace orrery::test {

class ScriptedHost : public calibrate::Communicator {
 public:
  ScriptedHost(int rank, int size) : rank_(rank), size_(size) {}

  std::vector<std::vector<int>> missing;  ///< at the meetings to come, first to last; afterwards nobody
  std::vector<std::byte> from_root;       ///< what a broadcast brings to other ranks than 0
  std::vector<double> deadlines;          ///< of the meetings so far
  int barriers = 0;

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  void barrier() override { ++barriers; }
  std::vector<int> missing_after(Seconds deadline) override {
    deadlines.push_back(deadline.value());
    if (missing.empty()) return {};
    std::vector<int> now = missing.front();
    missing.erase(missing.begin());
    return now;
  }
  void all_reduce_sum(std::span<float>) override {}
  double all_reduce_max(double value) override { return value + 1.0; }
  void reduce_scatter_sum(std::span<const float>, std::span<float>) override {}
  void all_gather(std::span<const float>, std::span<float>) override {}
  void broadcast(std::span<std::byte> data, int root) override {
    if (rank_ == root) return;
    std::copy_n(from_root.begin(), std::min(from_root.size(), data.size()), data.begin());
  }
  void send(std::span<const std::byte>, int) override {}
  void receive(std::span<std::byte>, int) override {}
  std::unique_ptr<calibrate::Communicator> first_ranks(int count) override {
    if (rank_ >= count) return nullptr;
    return std::make_unique<ScriptedHost>(rank_, count);
  }

 private:
  int rank_, size_;
};

}  // namespace orrery::test
