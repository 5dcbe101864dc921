// First contact with a device: memory that is allocated, written, copied and read back.
#include <catch2/catch.hpp>
#include <numeric>
#include <vector>

#include "calibrate/backends/cuda/check.hpp"
#include "tests/gpu/device.hpp"

TEST_CASE("bytes that go to the device and from buffer to buffer come back unchanged") {
  if (!orrery::test::device_answers()) return;
  std::vector<int> sent(100000), back(sent.size(), -1);
  std::iota(sent.begin(), sent.end(), 7);
  const std::size_t bytes = sent.size() * sizeof(int);
  void* first = nullptr;
  void* second = nullptr;
  CUDA_CHECK(cudaMalloc(&first, bytes));
  CUDA_CHECK(cudaMalloc(&second, bytes));
  CUDA_CHECK(cudaMemcpy(first, sent.data(), bytes, cudaMemcpyHostToDevice));
  CUDA_CHECK(cudaMemcpy(second, first, bytes, cudaMemcpyDeviceToDevice));
  CUDA_CHECK(cudaMemcpy(back.data(), second, bytes, cudaMemcpyDeviceToHost));
  CUDA_CHECK(cudaFree(second));
  CUDA_CHECK(cudaFree(first));
  CHECK(back == sent);
}
