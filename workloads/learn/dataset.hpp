// Data that a problem is learned from, as plain values. Where they come from (the embedded digits, bytes of IDX files,
// a seeded mixture) is decided by whoever fills this struct; nothing here opens a file.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <string>
#include <vector>

namespace orrery::learn {

/// One sample per column: features x samples, and the class of each (or its number, for regression).
struct Samples {
  Eigen::MatrixXf features;
  std::vector<std::int32_t> labels;  ///< class of each sample; empty for regression
  Eigen::VectorXf targets;           ///< number of each sample; empty for classification

  std::int64_t count() const { return features.cols(); }
};

struct Dataset {
  std::string description;  ///< for reports: "Fashion-MNIST, 60000 + 10000 images"
  int classes = 0;          ///< 0 for regression
  Samples train, test;
};

}  // namespace orrery::learn
