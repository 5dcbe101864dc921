// The Communicator seam over a watched NCCL communicator: which function of NCCL is called with which counts.
// Takes its table, its host and its view of the stream from outside, so that tests can stand in for all
// three.
#pragma once

#include "calibrate/backends/cuda/nccl_watch.hpp"

#if ORRERY_HAS_NCCL

#include <memory>

namespace orrery::cuda {

class NcclRanks : public calibrate::Communicator {
 public:
  NcclRanks(const Nccl& nccl, calibrate::Communicator& host, cudaStream_t stream,
            std::function<bool()> stream_done, NcclLimits limits);
  /// A group: like `whole`, over the ranks of `host`, which it keeps.
  NcclRanks(const NcclRanks& whole, std::unique_ptr<calibrate::Communicator> host);

  int rank() const override { return host_.rank(); }
  int size() const override { return host_.size(); }

  void barrier() override { watch_.meet(); }
  std::vector<int> missing_after(Seconds deadline) override { return host_.missing_after(deadline); }
  void patient_barrier() override { host_.patient_barrier(); }
  void all_reduce_sum(std::span<float> data) override;
  double all_reduce_max(double value) override { return host_.all_reduce_max(value); }
  void reduce_scatter_sum(std::span<const float> input, std::span<float> output) override;
  void all_gather(std::span<const float> input, std::span<float> output) override;
  void broadcast(std::span<std::byte> data, int root) override;
  void send(std::span<const std::byte> data, int to) override;
  void receive(std::span<std::byte> data, int from) override;
  /// With an identification of its own: works with every version of NCCL, and its start-up is not timed.
  std::unique_ptr<calibrate::Communicator> first_ranks(int count) override;

 private:
  std::unique_ptr<calibrate::Communicator> own_host_;  ///< of a group; outlives watch_
  const Nccl& nccl_;
  calibrate::Communicator& host_;
  cudaStream_t stream_;
  std::function<bool()> stream_done_;
  NcclLimits limits_;
  NcclWatch watch_;
};

}  // namespace orrery::cuda

#endif
