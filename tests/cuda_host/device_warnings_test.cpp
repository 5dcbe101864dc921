// What a user is told before times are trusted.
#include "calibrate/backends/cuda/device_warnings.hpp"

#include <catch2/catch.hpp>

using namespace orrery;
using Catch::Contains;

namespace {

cuda::DeviceReading at_rest() {
  cuda::DeviceReading reading;
  reading.name = "Fake H100";
  reading.sm_clock_mhz = 345.0;
  reading.busy_percent = 1.0;
  return reading;
}

}  // namespace

TEST_CASE("a free and rested device gives no warning, also where single figures are not known") {
  CHECK(cuda::device_warnings(at_rest()).empty());
  cuda::DeviceReading older = at_rest();
  older.busy_percent.reset();
  older.problem = "nvmlDeviceGetTemperature failed";
  CHECK(cuda::device_warnings(older).empty());
}

TEST_CASE("others on the device are told with their number and memory") {
  cuda::DeviceReading reading = at_rest();
  reading.other_processes = 1;
  CHECK(
      cuda::device_warnings(reading) ==
      std::vector<std::string>{"another process uses the device: times may be longer than the device's own"});
  reading.other_processes = 3;
  reading.other_memory = 2.0 * (1 << 30);
  REQUIRE(cuda::device_warnings(reading).size() == 1);
  CHECK_THAT(cuda::device_warnings(reading)[0],
             Contains("3 other processes use the device and hold 2.00 GiB of its memory"));
}

TEST_CASE("a device at work or with a clock held down is told with the figure or the reason") {
  cuda::DeviceReading reading = at_rest();
  reading.busy_percent = 5.0;
  CHECK(cuda::device_warnings(reading).empty());
  reading.busy_percent = 37.0;
  reading.throttle = "power cap";
  const auto warnings = cuda::device_warnings(reading);
  REQUIRE(warnings.size() == 2);
  CHECK_THAT(warnings[0], Contains("37 % busy"));
  CHECK_THAT(warnings[1], Contains("clock is held down") && Contains("power cap"));
}

TEST_CASE("a power limit below the device's own is told, an equal or unknown one is not") {
  cuda::DeviceReading reading = at_rest();
  reading.power_limit_w = 350.0;
  CHECK(cuda::device_warnings(reading).empty());
  reading.power_limit_default_w = 350.0;
  CHECK(cuda::device_warnings(reading).empty());
  reading.power_limit_default_w = 700.0;
  CHECK(cuda::device_warnings(reading) ==
        std::vector<std::string>{"the power limit is 350 W, the device's own is 700 W"});
  reading.power_limit_w.reset();
  CHECK(cuda::device_warnings(reading).empty());
}

TEST_CASE("a device that nobody can tell anything of is a warning with the reason") {
  cuda::DeviceReading reading;
  reading.problem = "dlopen: NVML cannot be loaded";
  REQUIRE(cuda::device_warnings(reading).size() == 1);
  CHECK_THAT(cuda::device_warnings(reading)[0], Contains("not known") && Contains("NVML cannot be loaded"));
}
