// Telemetry through a stand-in for the driver's library (fake_nvml.cpp).
#include "calibrate/backends/cuda/nvml.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>

using namespace orrery;

namespace {

cuda::Nvml open_library(const std::string& file) {
  setenv("ORRERY_NVML_LIBRARY", (std::string(ORRERY_BINARY_DIR "/tests/fakes/") + file).c_str(), 1);
  cuda::Nvml nvml = cuda::Nvml::open();
  unsetenv("ORRERY_NVML_LIBRARY");
  return nvml;
}

}  // namespace

TEST_CASE("a reading holds clocks, power and the reasons of a reduced clock") {
  const cuda::Nvml nvml = open_library("liborrery_fake_nvml.so");
  REQUIRE(nvml.available());
  CHECK(nvml.problem().empty());
  const cuda::DeviceReading reading = nvml.read("0000:17:00.0");
  CHECK(reading.name == "Fake H100");
  CHECK(reading.driver == "580.65.06");
  CHECK(reading.sm_clock_mhz == 1755.0);
  CHECK(reading.sm_clock_max_mhz == 1980.0);
  CHECK(reading.memory_clock_mhz == 2619.0);
  CHECK(reading.memory_clock_max_mhz == 2620.0);
  CHECK(reading.power_w == 412.5);
  CHECK(reading.power_limit_default_w == 700.0);
  CHECK(reading.throttle == "power cap, hardware thermal slowdown");
}

TEST_CASE("a reading beside kernels holds clock, throttling and power and asks for nothing else") {
  const cuda::DeviceReading now = open_library("liborrery_fake_nvml.so").read_now("0000:17:00.0");
  CHECK(now.sm_clock_mhz == 1755.0);
  CHECK(now.throttle == "power cap, hardware thermal slowdown");
  CHECK(now.power_w == 412.5);
  CHECK(now.name.empty());
  CHECK_FALSE(now.sm_clock_max_mhz.has_value());
  CHECK(now.other_processes == 0);
  CHECK(now.problem.empty());  // the thermometer, which fails, is not read
  CHECK_THAT(open_library("liborrery_fake_nvml.so").read_now("0000:ff:00.0").problem,
             Catch::Contains("code 6: Not Found"));
  CHECK_THAT(open_library("nowhere.so").read_now("0000:17:00.0").problem,
             Catch::Contains("NVML cannot be loaded"));
}

TEST_CASE("others on the device are counted without this process, however many they are") {
  const cuda::DeviceReading reading = open_library("liborrery_fake_nvml.so").read("0000:17:00.0");
  CHECK(reading.other_processes == 69);
  CHECK(reading.other_memory == 68.0 * 1024 * 1024);
}

TEST_CASE("what device or library do not offer is left out; what fails is told with call and code") {
  const cuda::DeviceReading reading = open_library("liborrery_fake_nvml.so").read("0000:17:00.0");
  CHECK_FALSE(reading.power_limit_w.has_value());
  CHECK_FALSE(reading.busy_percent.has_value());
  CHECK_FALSE(reading.temperature_c.has_value());
  CHECK_THAT(reading.problem,
             Catch::Matches(
                 "NVML: nvmlDeviceGetTemperature failed with code 999: Unknown Error \\[nvml.cpp:[0-9]+\\]"));
}

TEST_CASE("a device that NVML does not know gives an empty reading and the reason") {
  const cuda::DeviceReading reading = open_library("liborrery_fake_nvml.so").read("0000:ff:00.0");
  CHECK(reading.name.empty());
  CHECK_FALSE(reading.sm_clock_mhz.has_value());
  CHECK_THAT(reading.problem,
             Catch::Contains("nvmlDeviceGetHandleByPciBusId_v2(pci_bus_id.c_str(), &device) failed") &&
                 Catch::Contains("code 6: Not Found"));
}

TEST_CASE("no library, or one without a necessary function: no telemetry, and the reason is kept") {
  const cuda::Nvml absent = open_library("nowhere.so");
  CHECK_FALSE(absent.available());
  CHECK_THAT(absent.problem(), Catch::Contains("NVML cannot be loaded"));
  CHECK(absent.read("0000:17:00.0").problem == absent.problem());
  const cuda::Nvml older = open_library("liborrery_fake_nvml_without_init.so");
  CHECK_FALSE(older.available());
  CHECK_THAT(older.problem(), Catch::Contains("has no function nvmlInit_v2"));
}

TEST_CASE("reasons of a reduced clock are named; an idle device is not throttled") {
  CHECK(cuda::throttle_text(0).empty());
  CHECK(cuda::throttle_text(0x1).empty());
  CHECK(cuda::throttle_text(0x8 | 0x20) == "hardware slowdown, thermal slowdown");
  CHECK(cuda::throttle_text(std::uint64_t{1} << 40) == "other");
}
