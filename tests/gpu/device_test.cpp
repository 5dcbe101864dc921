// What lies under the timings: the arena, random contents, held streams, graphs.
#include "calibrate/backends/cuda/device.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "calibrate/backend.hpp"
#include "calibrate/backends/cuda/check.hpp"
#include "calibrate/backends/cuda/kernels/launchers.hpp"
#include "calibrate/number_format.hpp"
#include "tests/gpu/device.hpp"

using namespace orrery;
using cuda::Placement;

namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

cuda::CudaOptions small() {
  cuda::CudaOptions options;
  options.arena_cap = 64 * kMiB;
  return options;
}

std::vector<float> numbers(cuda::Device& device, const void* memory, std::size_t count, cost::DType dtype) {
  std::vector<std::byte> bytes(count * static_cast<std::size_t>(cost::bytes_of(dtype)));
  cuda::copy_bytes(memory, bytes.data(), bytes.size(), device.stream());
  return calibrate::decode(bytes, dtype);
}

/// A number on the device, 0 at first.
struct Counter {
  explicit Counter(cuda::Device& owner) : device(owner), memory(owner.arena()) {
    x = static_cast<float*>(memory.take(Placement::device, sizeof(float)));
    CUDA_CHECK(cudaMemsetAsync(x, 0, sizeof(float), device.stream()));
    device.synchronize();
  }
  float value() { return numbers(device, x, 1, cost::DType::fp32)[0]; }
  cuda::Device& device;
  cuda::OperandMemory memory;
  float* x;
};

}  // namespace

TEST_CASE("the arena hands out aligned pieces, ends, and begins again when its users are gone") {
  if (!test::device_answers()) return;
  cuda::Device device(small());
  const std::size_t before = device.arena().available();
  void* first = nullptr;
  {
    cuda::OperandMemory memory(device.arena());
    first = memory.take(Placement::device, 100);
    void* second = memory.take(Placement::device, 100);
    CHECK(reinterpret_cast<std::uintptr_t>(first) % 256 == 0);
    CHECK(static_cast<std::byte*>(second) - static_cast<std::byte*>(first) == 256);
    CHECK(device.arena().available() == before - 512);
    CHECK_THROWS_AS(memory.take(Placement::device, before), calibrate::DoesNotFit);
  }
  CHECK(device.arena().available() == before);
  cuda::OperandMemory memory(device.arena());
  CHECK(memory.take(Placement::device, 100) == first);
}

TEST_CASE("random contents are never near zero, of both signs, and a function of the seed") {
  if (!test::device_answers()) return;
  cuda::Device device(small());
  cuda::OperandMemory memory(device.arena());
  constexpr std::int64_t kCount = 100003;  // not a multiple of anything
  for (const cost::DType dtype :
       {cost::DType::fp32, cost::DType::tf32, cost::DType::fp16, cost::DType::bf16, cost::DType::fp8}) {
    INFO(cost::name(dtype));
    const auto draw = [&](bool positive, std::uint64_t seed) {
      void* buffer = memory.take(Placement::device, 4 * kCount);
      cuda::fill_numbers(buffer, kCount, dtype, positive, 1.0F, seed, device.stream());
      return numbers(device, buffer, kCount, dtype);
    };
    const std::vector<float> values = draw(false, 1);
    // 0.1 is not a number of the short types: it may be rounded down by a sixteenth.
    CHECK(std::all_of(values.begin(), values.end(),
                      [](float v) { return std::abs(v) >= 0.09F && std::abs(v) <= 1.0F; }));
    const auto negative = std::count_if(values.begin(), values.end(), [](float v) { return v < 0.0F; });
    CHECK(std::abs(negative - kCount / 2) < 1000);  // six standard deviations of a fair coin
    CHECK(draw(false, 1) == values);
    CHECK(draw(false, 2) != values);
    const std::vector<float> positive = draw(true, 1);
    CHECK(std::all_of(positive.begin(), positive.end(), [](float v) { return v > 0.0F; }));
  }
}

TEST_CASE("behind a held stream nothing runs before the release, and all of it after") {
  if (!test::device_answers()) return;
  cuda::Device device(small());
  Counter counter(device);
  cuda::launch_add_one(counter.x, device.stream());
  device.synchronize();
  {
    cuda::StreamHold::Guard guard(device.hold(), device.stream());
    for (int i = 0; i < 10; ++i) cuda::launch_add_one(counter.x, device.stream());
    CHECK(cudaStreamQuery(device.stream()) == cudaErrorNotReady);
    guard.release();
    device.synchronize();
  }
  CHECK(counter.value() == 11.0F);
}

TEST_CASE("an exception releases a held stream") {
  if (!test::device_answers()) return;
  cuda::Device device(small());
  Counter counter(device);
  try {
    cuda::StreamHold::Guard guard(device.hold(), device.stream());
    cuda::launch_add_one(counter.x, device.stream());
    throw std::runtime_error("a launch failed");
  } catch (const std::runtime_error&) {
  }
  device.synchronize();
  CHECK(counter.value() == 1.0F);
}

TEST_CASE("a graph replays what was recorded, and recording it runs nothing") {
  if (!test::device_answers()) return;
  cuda::Device device(small());
  Counter counter(device);
  const cuda::Graph graph([&](cudaStream_t stream) {
    for (int i = 0; i < 3; ++i) cuda::launch_add_one(counter.x, stream);
  });
  CHECK(counter.value() == 0.0F);
  for (int i = 0; i < 4; ++i) graph.launch(device.stream());
  CHECK(counter.value() == 12.0F);
}

TEST_CASE("a recording that fails leaves the device usable") {
  if (!test::device_answers()) return;
  cuda::Device device(small());
  Counter counter(device);
  CHECK_THROWS_AS(cuda::Graph([&](cudaStream_t stream) {
                    cuda::launch_add_one(counter.x, stream);
                    CUDA_CHECK(cudaStreamSynchronize(stream));  // what no recording allows
                  }),
                  BackendError);
  CHECK_FALSE(device.is_lost());
  cuda::launch_add_one(counter.x, device.stream());
  CHECK(counter.value() == 1.0F);
}

TEST_CASE("a device that does not exist is an error of the environment") {
  if (!test::device_answers()) return;
  cuda::CudaOptions options = small();
  options.device = 1000;
  CHECK_THROWS_AS(cuda::Device(options), BackendError);
}
