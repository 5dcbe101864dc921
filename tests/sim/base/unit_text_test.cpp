#include "sim/base/unit_text.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <regex>

#include "sim/base/error.hpp"

using namespace orrery;

namespace {
constexpr Dimension kTime{1, 0, 0}, kData{0, 1, 0}, kWork{0, 0, 1}, kRate{-1, 1, 0}, kSpeed{-1, 0, 1};

std::string error_of(std::string_view text, Dimension dimension) {
  try {
    parse_quantity(text, dimension, "$.x");
  } catch (const ScenarioError& error) {
    return error.what();
  }
  return "no error";
}
}  // namespace

TEST_CASE("a dimensioned value is a number and a unit") {
  struct Row {
    const char* text;
    Dimension dimension;
    double value;
  };
  const auto row = GENERATE(values<Row>({
      {"3 us", kTime, 3e-6},
      {"1.5ms", kTime, 1.5e-3},
      {"2 h", kTime, 7200.0},
      {"0 s", kTime, 0.0},
      {"-4 ns", kTime, -4e-9},
      {"25 MiB", kData, 25.0 * 1024 * 1024},
      {"1e3 GB", kData, 1e12},
      {"8 bit", kData, 1.0},
      {"64 GFLOP", kWork, 64e9},
      {"450 GB/s", kRate, 450e9},
      {"100 Gbit/s", kRate, 12.5e9},
      {"1 GiB/s", kRate, 1073741824.0},
      {"1 B/ns", kRate, 1e9},
      {"64 GFLOP/s", kSpeed, 64e9},
      {"0.5 ns/B", Dimension{1, -1, 0}, 0.5e-9},
  }));
  CAPTURE(row.text);
  CHECK(parse_quantity(row.text, row.dimension, "") == Approx(row.value).epsilon(1e-15));
}

TEST_CASE("a malformed dimensioned value is refused with the right form") {
  CHECK(error_of("450 GB", kRate) ==
        "$.x: \"450 GB\" is an amount of data; expected a data rate such as \"450 GB/s\"");
  CHECK(error_of("12", kData) == "$.x: \"12\" has no unit; expected an amount of data such as \"25 MiB\"");
  CHECK_THAT(error_of("3 mib", kData), Catch::Contains("unknown unit \"mib\"; did you mean \"MiB\"?"));
  CHECK_THAT(error_of("fast", kSpeed), Catch::Contains("does not start with a number"));
  CHECK_THAT(error_of("0x10 B", kData), Catch::Contains("unknown unit"));
  CHECK_THAT(error_of("inf s", kTime), Catch::Contains("does not start with a number"));
  CHECK_THAT(error_of("1e400 s", kTime), Catch::Contains("too large"));
  CHECK_THAT(error_of("", kTime), Catch::Contains("does not start with a number"));
  CHECK_THAT(error_of("1 GB/s/s", kRate), Catch::Contains("unknown unit"));
}

TEST_CASE("the pattern of the schema accepts what the parser accepts") {
  const std::regex rate(quantity_pattern(kRate)), data(quantity_pattern(kData));
  for (const char* good : {"450 GB/s", "100Gbit/s", "1.5e3 MB/s", "1. B/ns", ".5 GiB/s"}) {
    CAPTURE(good);
    CHECK_NOTHROW(parse_quantity(good, kRate, ""));
    CHECK(std::regex_match(good, rate) == (std::string(good) != "1. B/ns"));  // parsed, but not advertised
    CHECK_FALSE(std::regex_match(good, data));
  }
  for (const char* bad : {"450", "GB/s", "0x1 GB/s", "1 GB/s/s", "1 gb/s", ". GB/s"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(parse_quantity(bad, kRate, ""), ScenarioError);
    CHECK_FALSE(std::regex_match(bad, rate));
  }
}

TEST_CASE("exact text is read back to the same double") {
  // Values that scale badly: thirds, powers of two and of ten, the smallest steps above them.
  for (const Dimension dimension :
       {kTime, kData, kWork, kRate, kSpeed, Dimension{1, -1, 0}, Dimension{1, 0, -1}}) {
    for (double base : {1.0 / 3.0, 1.0, 1048576.0, 123456789.123, 1e-9, 7e-7, 0.1, 0.0}) {
      for (const double value : {base, std::nextafter(base, 1e300), base * 1e6}) {
        CAPTURE(value, exact_quantity(value, dimension));
        CHECK(parse_quantity(exact_quantity(value, dimension), dimension, "") == value);
      }
    }
  }
  CHECK(exact_quantity(1048576.0, kData) == "1 MiB");
  CHECK(exact_quantity(24e9, kData) == "24 GB");
  CHECK(exact_quantity(3e-6, kTime) == "3 us");
}

TEST_CASE("text for people is rounded and takes a fitting prefix") {
  CHECK(human(Seconds(0.0032149)) == "3.21 ms");
  CHECK(human(Seconds(0.00099999)) == "1.00 ms");
  CHECK(human(Seconds(412.0)) == "412 s");
  CHECK(human(Seconds(0.0)) == "0 s");
  CHECK(human(Bytes(25.0 * 1048576)) == "25.0 MiB");
  CHECK(human(Bytes(512.0)) == "512 B");
  CHECK(human(Bytes(4.0)) == "4 B");
  CHECK(human(BytesPerSec(4.5e11)) == "450 GB/s");
  CHECK(human(FlopsPerSec(64e9), 2) == "64 GFLOP/s");
  CHECK(human(Seconds(-0.5)) == "-500 ms");
}
