// CUPTI on a real device: attached for a trace, detached behind it, attached again.
#include <catch2/catch.hpp>
#include <string>

#include "calibrate/backends/cuda/cupti_trace.hpp"
#include "calibrate/backends/cuda/device.hpp"
#include "calibrate/backends/cuda/kernels/launchers.hpp"
#include "tests/gpu/device.hpp"

using namespace orrery;

TEST_CASE("a device is traced again and again, launches and graphs work in between") {
  if (!test::device_answers()) return;
  cuda::CudaOptions options;
  options.arena_cap = std::size_t{64} << 20;
  cuda::Device device(options);
  cuda::OperandMemory memory(device.arena());
  auto* x = static_cast<float*>(memory.take(cuda::Placement::device, sizeof(float)));
  CUDA_CHECK(cudaMemsetAsync(x, 0, sizeof(float), device.stream()));
  const cuda::Graph graph([&](cudaStream_t stream) {
    for (int i = 0; i < 3; ++i) cuda::launch_add_one(x, stream);
  });
  constexpr int kRounds = 3;
  for (int round = 0; round < kRounds; ++round) {
    graph.launch(device.stream());
    device.synchronize();
    const cuda::DeviceTrace trace = cuda::trace_device([&] {
      cuda::launch_add_one(x, device.stream());
      graph.launch(device.stream());
      device.synchronize();
    });
    if (trace.work.empty()) {  // no permission, or another profiler
      WARN("no trace: " << trace.problem);
      return;
    }
    CHECK(trace.problem.empty());
    CHECK(trace.work.size() == 4);
    CHECK_THAT(trace.work[0].name, Catch::Contains("add_one"));
    CHECK(trace.work[0].end_ns > trace.work[0].start_ns);
  }
  float sum = 0.0F;
  cuda::copy_bytes(x, &sum, sizeof sum, device.stream());
  CHECK(sum == kRounds * 7.0F);
}
