#include "calibrate/files/packed_file.hpp"

#include <unistd.h>
#include <zlib.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "sim/base/error.hpp"

using namespace orrery;
namespace fs = std::filesystem;

TEST_CASE("a compressed table is read whole, and one that was cut off is refused") {
  const std::string path = (fs::temp_directory_path() / ("orrery_table_" + std::to_string(getpid()) + ".gz")).string();
  std::string rows;
  for (int i = 0; i < 50000; ++i) rows += std::to_string(i * 7919 % 10007) + ",";
  const gzFile file = gzopen(path.c_str(), "wb");
  REQUIRE(gzwrite(file, rows.data(), static_cast<unsigned>(rows.size())) == static_cast<int>(rows.size()));
  REQUIRE(gzclose(file) == Z_OK);
  CHECK(calibrate::read_packed_file(path) == rows);
  fs::resize_file(path, fs::file_size(path) / 2);
  CHECK_THROWS_AS(calibrate::read_packed_file(path), BackendError);
  fs::remove(path);
  CHECK_THROWS_AS(calibrate::read_packed_file(path), ScenarioError);
}
