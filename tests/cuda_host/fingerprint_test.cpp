// The facts that stand in measurements of a GPU, put into words.
#include "calibrate/backends/cuda/fingerprint.hpp"

#include <catch2/catch.hpp>

using namespace orrery;

namespace {

cuda::DeviceFacts h100() {
  cuda::DeviceFacts facts;
  facts.name = "NVIDIA H100 80GB HBM3";
  facts.compute_capability = 90;
  facts.sm_count = 132;
  facts.memory_bytes = 80.0 * 1024 * 1024 * 1024;
  facts.l2_bytes = 50.0 * 1024 * 1024;
  facts.driver = 13000;
  facts.runtime = 12080;
  facts.cublas_lt = "13.0.2";
  facts.cudnn = "9.19.0";
  facts.environment = {{"CUDA_MODULE_LOADING", "EAGER"}};
  return facts;
}

}  // namespace

TEST_CASE("CUDA's version numbers become text") {
  CHECK(cuda::cuda_version_text(13000) == "13.0");
  CHECK(cuda::cuda_version_text(12080) == "12.8");
  CHECK(cuda::cuda_version_text(0) == "unknown");
}

TEST_CASE("the fingerprint names device and software") {
  const calibrate::Fingerprint f = cuda::fingerprint_of(h100());
  CHECK(f.at("device") == "NVIDIA H100 80GB HBM3");
  CHECK(f.at("algorithm") == "CUDA 12.8 + cuBLASLt 13.0.2 + cuDNN 9.19.0");
  CHECK(f.at("compute_capability") == "9.0");
  CHECK(f.at("memory") == "80 GiB");
  CHECK(f.at("l2_cache") == "50 MiB");
  CHECK(f.at("cuda_driver") == "13.0");
  CHECK(f.at("env CUDA_MODULE_LOADING") == "EAGER");
  // A fact named "cpu" would make the campaign describe the machine as a CPU.
  CHECK(f.count("cpu") == 0);
}

TEST_CASE("what is not known is said to be unknown") {
  const calibrate::Fingerprint f = cuda::fingerprint_of(h100());
  CHECK(f.at("nccl") == "unknown");
  CHECK(f.at("driver") == "unknown");
  CHECK(f.at("pcie_link") == "unknown");
  for (const auto& [key, value] : f) {
    INFO(key);
    CHECK_FALSE(value.empty());
  }
}

TEST_CASE("the kernel driver's version is read from its own words") {
  CHECK(cuda::kernel_driver_of(
            "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build  "
            "(dvs-builder@U22-I3)  Sun Jul 27 07:11:36 UTC 2025") == "580.65.06");
  CHECK(cuda::kernel_driver_of("NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183  Wed Jun 26 2024") ==
        "535.183");
  CHECK(cuda::kernel_driver_of("").empty());
  CHECK(cuda::kernel_driver_of("no version, nor 2025 or 1. or .5 or v1.2").empty());
}
