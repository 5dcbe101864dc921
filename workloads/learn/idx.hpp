// The IDX format of the MNIST family (two zero bytes, a type code, the number of dimensions, the dimensions as
// big-endian 32-bit integers, then the values) and the data set that four such arrays make. Pure: the caller reads and
// unpacks the files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "workloads/learn/dataset.hpp"

namespace orrery::learn {

struct IdxArray {
  std::vector<std::int64_t> dimensions;
  std::vector<std::uint8_t> values;
};

/// An array of unsigned bytes. `name` is used in messages. Throws ScenarioError when the bytes are no such array.
IdxArray parse_idx(const std::vector<std::uint8_t>& bytes, const std::string& name);

/// One array of images and their labels: pixels scaled to [0, 1], one image per column. Throws ScenarioError when the
/// two do not belong together.
Samples idx_samples(const IdxArray& images, const IdxArray& labels, const std::string& name);

/// The bytes of the four files of an MNIST-like set.
struct IdxFiles {
  std::vector<std::uint8_t> train_images, train_labels, test_images, test_labels;
};
/// `name` begins the description ("Fashion-MNIST") and the messages. Classes are 0 .. the largest label.
Dataset idx_dataset(const IdxFiles& files, const std::string& name);

}  // namespace orrery::learn
