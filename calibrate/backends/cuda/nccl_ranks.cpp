#include "calibrate/backends/cuda/nccl_ranks.hpp"

#if ORRERY_HAS_NCCL

#include "sim/base/error.hpp"

namespace orrery::cuda {
NcclRanks::NcclRanks(const Nccl& nccl, calibrate::Communicator& host, cudaStream_t stream,
                     std::function<bool()> stream_done, NcclLimits limits)
    : nccl_(nccl),
      host_(host),
      stream_(stream),
      stream_done_(stream_done),
      limits_(limits),
      watch_(nccl, host, std::move(stream_done), limits) {}

NcclRanks::NcclRanks(const NcclRanks& whole, std::unique_ptr<calibrate::Communicator> host)
    : own_host_(std::move(host)),
      nccl_(whole.nccl_),
      host_(*own_host_),
      stream_(whole.stream_),
      stream_done_(whole.stream_done_),
      limits_(whole.limits_),
      watch_(nccl_, host_, stream_done_, limits_) {}

void NcclRanks::all_reduce_sum(std::span<float> data) {
  watch_.run("ncclAllReduce", data.size_bytes(), [&](ncclComm_t comm) {
    return nccl_.ncclAllReduce(data.data(), data.data(), data.size(), ncclFloat32, ncclSum, comm, stream_);
  });
}

void NcclRanks::reduce_scatter_sum(std::span<const float> input, std::span<float> output) {
  SIM_ASSERT(input.size() == output.size() * static_cast<std::size_t>(size()), "reduce-scatter sizes");
  watch_.run("ncclReduceScatter", input.size_bytes(), [&](ncclComm_t comm) {
    return nccl_.ncclReduceScatter(input.data(), output.data(), output.size(), ncclFloat32, ncclSum, comm,
                                   stream_);
  });
}

void NcclRanks::all_gather(std::span<const float> input, std::span<float> output) {
  SIM_ASSERT(output.size() == input.size() * static_cast<std::size_t>(size()), "all-gather sizes");
  watch_.run("ncclAllGather", output.size_bytes(), [&](ncclComm_t comm) {
    return nccl_.ncclAllGather(input.data(), output.data(), input.size(), ncclFloat32, comm, stream_);
  });
}

void NcclRanks::broadcast(std::span<std::byte> data, int root) {
  watch_.run("ncclBroadcast", data.size(), [&](ncclComm_t comm) {
    return nccl_.ncclBroadcast(data.data(), data.data(), data.size(), ncclUint8, root, comm, stream_);
  });
}

void NcclRanks::send(std::span<const std::byte> data, int to) {
  watch_.run("ncclSend", data.size(), [&](ncclComm_t comm) {
    return nccl_.ncclSend(data.data(), data.size(), ncclUint8, to, comm, stream_);
  });
}

void NcclRanks::receive(std::span<std::byte> data, int from) {
  watch_.run("ncclRecv", data.size(), [&](ncclComm_t comm) {
    return nccl_.ncclRecv(data.data(), data.size(), ncclUint8, from, comm, stream_);
  });
}

std::unique_ptr<calibrate::Communicator> NcclRanks::first_ranks(int count) {
  std::unique_ptr<calibrate::Communicator> host = host_.first_ranks(count);
  if (!host) return nullptr;
  return std::make_unique<NcclRanks>(*this, std::move(host));
}

}  // namespace orrery::cuda

#endif
