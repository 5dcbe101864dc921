// Made-up data for classification: each class is a normal cloud around its own centre. Nothing to install, any size,
// and the hardness is one number; the best possible accuracy of two classes is Phi(distance / 2).
#pragma once

#include <cstdint>

#include "sim/base/fields.hpp"
#include "workloads/learn/dataset.hpp"

namespace orrery::learn {

struct MixtureConfig {
  int classes = 10;
  int features = 20;
  std::int64_t train = 10000;
  std::int64_t test = 2000;
  double distance = 4.0;
  std::uint32_t seed = 1;
};
template <class V>
void fields(V& v, MixtureConfig& c) {
  v("classes", c.classes, "clouds", between(2, 10000));
  v("features", c.features, "numbers per sample", between(1, 1e6));
  v("train", c.train, "training samples", at_least(1));
  v("test", c.test, "test samples", at_least(0));
  v("distance", c.distance, "between two centres (root mean square), in standard deviations of a cloud", at_least(0));
  v("seed", c.seed, "of the data; the scenario's seed does not change them");
}

/// Sample i is of class i mod classes. Centres are normal with distance^2 / (2 features) as the variance of a
/// coordinate, two classes have theirs exactly `distance` apart; around its centre a sample is standard normal.
Dataset mixture_dataset(const MixtureConfig& config);

}  // namespace orrery::learn
