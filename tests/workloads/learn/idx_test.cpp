// The IDX format, and the data sets that its files make.
#include "workloads/learn/idx.hpp"

#include <catch2/catch.hpp>

#include "sim/base/error.hpp"

using namespace orrery;
using namespace orrery::learn;
using Catch::Contains;

TEST_CASE("an IDX array is its header and its bytes") {
  const IdxArray array = parse_idx({0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 10, 11, 12, 13, 14, 15}, "x");
  CHECK(array.dimensions == std::vector<std::int64_t>{2, 3});
  CHECK(array.values == std::vector<std::uint8_t>{10, 11, 12, 13, 14, 15});
}

TEST_CASE("bytes that are no IDX array are refused with the file's name and the reason") {
  CHECK_THROWS_WITH(parse_idx({}, "f"), Contains("file f") && Contains("first bytes"));
  CHECK_THROWS_WITH(parse_idx({0, 0, 13, 1, 0, 0, 0, 0}, "f"), Contains("type code 13"));
  CHECK_THROWS_WITH(parse_idx({0, 0, 8, 3, 0, 0}, "f"), Contains("cut off"));
  CHECK_THROWS_WITH(parse_idx({0, 0, 8, 1, 0, 0, 0, 2, 5}, "f"), Contains("differ") || Contains("announced"));
  CHECK_THROWS_AS(parse_idx({0, 0, 8, 2, 255, 255, 255, 255, 255, 255, 255, 255}, "f"), ScenarioError);
}

TEST_CASE("images become columns of numbers from 0 to 1 with their labels") {
  // Two images of 1 x 2 pixels.
  const std::vector<std::uint8_t> images{0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 255, 51, 102};
  const std::vector<std::uint8_t> labels{0, 0, 8, 1, 0, 0, 0, 2, 0, 3};
  const Dataset data = idx_dataset({images, labels, images, labels}, "tiny");
  CHECK(data.description == "tiny, 2 + 2 images");
  CHECK(data.classes == 4);
  REQUIRE(data.train.features.rows() == 2);
  REQUIRE(data.train.count() == 2);
  CHECK(data.train.features(0, 0) == 0.0F);
  CHECK(data.train.features(1, 0) == 1.0F);
  CHECK(data.train.features(0, 1) == 51.0F / 255.0F);
  CHECK(data.test.labels == std::vector<std::int32_t>{0, 3});

  const std::vector<std::uint8_t> one_label{0, 0, 8, 1, 0, 0, 0, 1, 0};
  CHECK_THROWS_WITH(idx_dataset({images, one_label, images, labels}, "tiny"),
                    Contains("tiny training") && Contains("belong together"));
  const std::vector<std::uint8_t> unseen{0, 0, 8, 1, 0, 0, 0, 2, 0, 4};
  CHECK_THROWS_WITH(idx_dataset({images, labels, images, unseen}, "tiny"), Contains("does not occur"));
}
