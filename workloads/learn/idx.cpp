#include "workloads/learn/idx.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "sim/base/error.hpp"

namespace orrery::learn {

IdxArray parse_idx(const std::vector<std::uint8_t>& bytes, const std::string& name) {
  const auto refuse = [&name](const std::string& why) {
    throw ScenarioError("$.data", fmt::format("file {} is no IDX array of bytes: {}", name, why));
  };
  if (bytes.size() < 4 || bytes[0] != 0 || bytes[1] != 0) refuse("wrong first bytes");
  if (bytes[2] != 8) refuse(fmt::format("type code {} instead of 8", bytes[2]));
  const std::size_t rank = bytes[3];
  const std::size_t header = 4 + 4 * rank;
  if (rank == 0 || bytes.size() < header) refuse("the header is cut off");
  IdxArray array;
  std::size_t count = 1;
  for (std::size_t d = 0; d < rank; ++d) {
    std::size_t size = 0;
    for (std::size_t i = 0; i < 4; ++i) size = size << 8U | bytes[4 + 4 * d + i];
    if (size == 0 || count > bytes.size() / size) refuse("its dimensions and its length differ");
    count *= size;
    array.dimensions.push_back(static_cast<std::int64_t>(size));
  }
  if (bytes.size() != header + count) {
    refuse(fmt::format("{} values announced, {} present", count, bytes.size() - header));
  }
  array.values.assign(bytes.begin() + static_cast<std::ptrdiff_t>(header), bytes.end());
  return array;
}

Samples idx_samples(const IdxArray& images, const IdxArray& labels, const std::string& name) {
  if (images.dimensions.size() < 2 || labels.dimensions.size() != 1 || images.dimensions[0] != labels.dimensions[0]) {
    throw ScenarioError("$.data", name + ": images and labels do not belong together");
  }
  const std::int64_t count = images.dimensions[0];
  Samples samples;
  samples.features.resize(static_cast<std::int64_t>(images.values.size()) / count, count);
  std::transform(images.values.begin(), images.values.end(), samples.features.data(),
                 [](std::uint8_t pixel) { return static_cast<float>(pixel) / 255.0F; });
  samples.labels.assign(labels.values.begin(), labels.values.end());
  return samples;
}

Dataset idx_dataset(const IdxFiles& files, const std::string& name) {
  const auto samples = [&name](const auto& images, const auto& labels, const std::string& part) {
    const std::string whole = name + " " + part;
    return idx_samples(parse_idx(images, whole + " images"), parse_idx(labels, whole + " labels"), whole);
  };
  Dataset data;
  data.train = samples(files.train_images, files.train_labels, "training");
  data.test = samples(files.test_images, files.test_labels, "test");
  if (data.train.features.rows() != data.test.features.rows()) {
    throw ScenarioError("$.data", name + ": training and test images differ in size");
  }
  data.classes = 1 + *std::max_element(data.train.labels.begin(), data.train.labels.end());
  if (*std::max_element(data.test.labels.begin(), data.test.labels.end()) >= data.classes) {
    throw ScenarioError("$.data", name + ": a test label does not occur among the training labels");
  }
  data.description = fmt::format("{}, {} + {} images", name, data.train.count(), data.test.count());
  return data;
}

}  // namespace orrery::learn
