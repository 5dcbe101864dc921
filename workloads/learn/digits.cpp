#include "workloads/learn/digits.hpp"

#include <numeric>
#include <string_view>
#include <utility>

#include "sim/base/error.hpp"
#include "sim/base/rng.hpp"

namespace orrery::learn {
namespace {

constexpr std::int64_t kImages = 1797, kPixels = 64, kTest = 360;

// A line per image after an empty first line: its digit, then its pixels row by row, each as one of kLevels.
constexpr std::string_view kLevels = ".123456789abcdefg";
constexpr std::string_view kText =
#include "workloads/learn/digits_images.inc"
    ;
constexpr std::int64_t kLine = 1 + kPixels + 1;
static_assert(kText.size() == 1 + kImages * kLine);

Samples take(const std::vector<std::int64_t>& order, std::int64_t first, std::int64_t count) {
  Samples samples;
  samples.features.resize(kPixels, count);
  for (std::int64_t j = 0; j < count; ++j) {
    const auto start = static_cast<std::size_t>(1 + order[static_cast<std::size_t>(first + j)] * kLine);
    const std::string_view line = kText.substr(start, 1 + kPixels);
    samples.labels.push_back(line[0] - '0');
    for (std::int64_t i = 0; i < kPixels; ++i) {
      const std::size_t level = kLevels.find(line[static_cast<std::size_t>(1 + i)]);
      SIM_ASSERT(level != std::string_view::npos, "a pixel of the embedded digits is no level");
      samples.features(i, j) = static_cast<float>(level) / 16.0F;
    }
  }
  return samples;
}

}  // namespace

Dataset digits_dataset() {
  std::vector<std::int64_t> order(kImages);
  std::iota(order.begin(), order.end(), 0);
  RngStream draws = stream(Seed{1}, "digits: training and test images");
  for (std::uint64_t i = kImages; i-- > 1;) std::swap(order[i], order[draws.below(i + 1)]);
  Dataset data;
  data.description = "UCI handwritten digits, 1437 + 360 images";
  data.classes = 10;
  data.train = take(order, 0, kImages - kTest);
  data.test = take(order, kImages - kTest, kTest);
  return data;
}

}  // namespace orrery::learn
