// NCCL with one rank, as much as one GPU allows (NCCL refuses two ranks on one): every collective is the
// identity.
#include <catch2/catch.hpp>
#include <iostream>
#include <vector>

#include "calibrate/backends/cuda/check.hpp"
#include "calibrate/backends/cuda/device_collective.hpp"
#include "calibrate/backends/cuda/nccl_communicator.hpp"
#include "tests/cuda_host/scripted_host.hpp"
#include "tests/gpu/device.hpp"

using namespace orrery;

TEST_CASE("one rank over NCCL: sums are the rank's own numbers, and collectives can be timed") {
  if (!test::device_answers()) return;
  if (cuda::nccl_version() == "none") {
    std::cout << "no NCCL on this machine: its test is left out" << std::endl;
    return;
  }
  cudaStream_t stream = nullptr;
  CUDA_CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  {
    test::ScriptedHost alone(0, 1);
    const auto ranks = cuda::nccl_communicator(alone, stream);
    std::vector<float> sent{1.0F, 2.5F, -3.0F}, back(3);
    float* device = nullptr;
    CUDA_CHECK(cudaMalloc(reinterpret_cast<void**>(&device), 12));
    CUDA_CHECK(cudaMemcpy(device, sent.data(), 12, cudaMemcpyHostToDevice));
    ranks->all_reduce_sum({device, 3});
    CUDA_CHECK(cudaMemcpy(back.data(), device, 12, cudaMemcpyDeviceToHost));
    CUDA_CHECK(cudaFree(device));
    CHECK(back == sent);
    for (const char* kind : {"all_reduce", "reduce_scatter", "all_gather", "broadcast"}) {
      const cost::CollectiveCase collective{cost::collective_kind(kind), Bytes(1 << 20), 1};
      const auto timed = cuda::timed_device_collective(collective, ranks->first_ranks(1), stream);
      for (int i = 0; i < 3; ++i) CHECK(timed->run().value() > 0.0);
    }
  }
  CUDA_CHECK(cudaStreamDestroy(stream));
}
