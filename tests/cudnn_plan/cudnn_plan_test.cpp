// cuDNN plans our graphs of attention for GPUs that are only described to it, on a machine without any: what
// it accepts and how much memory it wants is known before a GPU is at hand. Needs cuDNN's library, and a
// driver to show compiled kernels to: a stand-in that accepts everything. A program of its own, because
// nothing else may meet that driver.
#include <dlfcn.h>

#include <catch2/catch.hpp>
#include <optional>
#include <string>

#include "calibrate/backend.hpp"
#include "calibrate/backends/cuda/sdpa_graph.hpp"

namespace {

using namespace orrery;
using cost::Attention;
using cost::DType;
using cost::Pass;
using cuda::CudnnPlan;

/// A device in cuDNN's own words, as its device descriptor writes them.
std::string described(int version, int multiprocessors, int shared_memory, const char* name) {
  return R"({"deviceVer":)" + std::to_string(version) + R"(,"driverVer":13000,"cudaDeviceId":0,)" +
         R"("maxGridSize":[2147483647,65535,65535],"maxBlockSize":[1024,1024,64],"regsPerBlock":65536,)" +
         R"("multiProcessorCount":)" + std::to_string(multiprocessors) +
         R"(,"warpSize":32,"maxSharedMemoryPerBlock":49152,"maxSharedMemoryPerBlockOptin":)" +
         std::to_string(shared_memory) +
         R"(,"reservedSharedMemoryPerBlock":1024,"maxRegistersPerSM":65536,"maxCtasPerSM":32,)" +
         R"("maxThreadsPerBlock":1024,"maxThreadsPerSM":2048,"pciDeviceId":0,"isTccDriver":0,"supportCoopLaunch":1,)" +
         R"("smClockRateKHz":1980000,"memClockRateKHz":2619000,"l2CacheSize":52428800,)" +
         R"("totalGlobalMem":85000000000,"deviceName":")" + name + R"("})";
}
const std::string kA100 = described(800, 108, 166912, "NVIDIA A100-SXM4-80GB");
const std::string kH100 = described(900, 132, 232448, "NVIDIA H100 80GB HBM3");
const std::string kB200 = described(1000, 148, 232448, "NVIDIA B200");

/// Whether cuDNN can plan here; says why not.
bool can_plan() {
  static const std::string problem = [] {
    if (dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL) != nullptr)
      return std::string("a real driver is installed");
    if (dlopen(ORRERY_BINARY_DIR "/tests/fakes/liborrery_fake_driver.so", RTLD_NOW | RTLD_GLOBAL) ==
        nullptr) {
      return std::string(dlerror());
    }
    try {
      const std::size_t version = cuda::Cudnn::get().cudnnGetVersion();
      if (version < 91900) return "cuDNN " + cuda::Cudnn::get().version() + " is older than 9.19";
    } catch (const BackendError& error) {
      return std::string(error.what());
    }
    return std::string();
  }();
  if (!problem.empty()) WARN("skipped: " << problem);
  return problem.empty();
}

CudnnPlan plan(const Attention& op, const std::string& device, std::int64_t limit = 1LL << 32) {
  return CudnnPlan(cuda::sdpa_graph(op), {.handle = nullptr, .description = device}, limit);
}

std::int64_t score_bytes(const Attention& op) {
  return 2 * op.batch * op.heads * op.q_len * op.kv_len;
}

const Attention kTraining{.batch = 2,
                          .heads = 16,
                          .kv_heads = 16,
                          .q_len = 1024,
                          .kv_len = 1024,
                          .head_dim = 128,
                          .causal = true,
                          .dtype = DType::bf16};

}  // namespace

TEST_CASE("cuDNN plans attention for each generation without storing the scores") {
  if (!can_plan()) return;
  for (const std::string& device : {kA100, kH100, kB200}) {
    for (const Pass pass : {Pass::forward, Pass::backward}) {
      Attention op = kTraining;
      op.pass = pass;
      const CudnnPlan made = plan(op, device);
      CHECK(made.workspace_bytes() < score_bytes(op));
      CHECK(made.engine().rfind("engine ", 0) == 0);
    }
  }
}

TEST_CASE("cuDNN plans shared heads, fp16, longer keys and lengths that fit no tile for an H100") {
  if (!can_plan()) return;
  Attention shared = kTraining;
  shared.kv_heads = 4;
  shared.dtype = DType::fp16;
  Attention longer = kTraining;
  longer.q_len = 512;
  Attention odd = kTraining;
  odd.q_len = 77, odd.kv_len = 100, odd.head_dim = 80;
  for (Attention op : {shared, longer, odd}) {
    for (const Pass pass : {Pass::forward, Pass::backward}) {
      op.pass = pass;
      CHECK_NOTHROW(plan(op, kH100));
    }
  }
}

TEST_CASE("the unified operation plans what has no mask") {
  if (!can_plan()) return;
  Attention op = kTraining;
  op.causal = false;
  const cuda::PlanTarget h100{.handle = nullptr, .description = kH100};
  CHECK_NOTHROW(CudnnPlan(cuda::unified_sdpa_graph(op), h100, 1LL << 32));
}

TEST_CASE("too little workspace for scratch tensors and engine is told as a case that does not fit") {
  if (!can_plan()) return;
  Attention op = kTraining;
  op.pass = Pass::backward;
  const std::int64_t scratch = cuda::sdpa_graph(op).scratch_bytes();
  CHECK_THROWS_WITH(plan(op, kH100, 4096), Catch::Contains("bytes of scratch memory"));
  CHECK_THROWS_AS(plan(op, kH100, scratch + 1), calibrate::DoesNotFit);
}

TEST_CASE("what cuDNN refuses is told in its words") {
  if (!can_plan()) return;
  Attention op = kTraining;
  op.pass = Pass::backward;
  op.head_dim = 256;  // wider than the kernels of sm_80
  CHECK_THROWS_WITH(plan(op, kA100), Catch::Contains("cuDNN"));
  CHECK_THROWS_AS(plan(kTraining, "{}"), BackendError);
}
