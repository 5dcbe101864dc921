#include "workloads/learn/mixture.hpp"

#include <cmath>

#include "sim/base/rng.hpp"

namespace orrery::learn {
namespace {

Eigen::MatrixXf centres(const MixtureConfig& config) {
  RngStream draws = stream(Seed{config.seed}, "mixture: centres");
  const double deviation = config.distance / std::sqrt(2.0 * config.features);
  Eigen::MatrixXf result(config.features, config.classes);
  for (Eigen::Index k = 0; k < result.cols(); ++k) {
    for (Eigen::Index i = 0; i < result.rows(); ++i) result(i, k) = static_cast<float>(draws.normal(0.0, deviation));
  }
  if (config.classes == 2 && config.distance > 0.0) {
    const Eigen::VectorXf apart = result.col(1) - result.col(0);
    result.col(1) = result.col(0) + static_cast<float>(config.distance / static_cast<double>(apart.norm())) * apart;
  }
  return result;
}

Samples samples(const Eigen::MatrixXf& centres, std::int64_t count, RngStream draws) {
  Samples result;
  result.features.resize(centres.rows(), count);
  for (std::int64_t j = 0; j < count; ++j) {
    const auto k = static_cast<std::int32_t>(j % centres.cols());
    result.labels.push_back(k);
    for (Eigen::Index i = 0; i < centres.rows(); ++i) {
      result.features(i, j) = centres(i, k) + static_cast<float>(draws.normal());
    }
  }
  return result;
}

}  // namespace

Dataset mixture_dataset(const MixtureConfig& config) {
  const Eigen::MatrixXf middle = centres(config);
  Dataset data;
  data.description = std::to_string(config.classes) + " normal clouds, " + std::to_string(config.train) + " + " +
                     std::to_string(config.test) + " samples";
  data.classes = config.classes;
  data.train = samples(middle, config.train, stream(Seed{config.seed}, "mixture: training samples"));
  data.test = samples(middle, config.test, stream(Seed{config.seed}, "mixture: test samples"));
  return data;
}

}  // namespace orrery::learn
