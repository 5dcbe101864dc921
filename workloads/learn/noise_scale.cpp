#include "workloads/learn/noise_scale.hpp"

#include "sim/base/error.hpp"

namespace orrery::learn {

double smith_noise_scale(double learning_rate, double samples, double batch) {
  return learning_rate * (samples / batch - 1.0);
}

double updates_to_target(double fewest_updates, double noise_batch, double batch) {
  return fewest_updates * (1.0 + noise_batch / batch);
}
double samples_to_target(double fewest_updates, double noise_batch, double batch) {
  return batch * updates_to_target(fewest_updates, noise_batch, batch);
}

GradientNoise gradient_noise(SquaredNorm small, SquaredNorm large) {
  SIM_ASSERT(small.batch != large.batch, "the noise shows in the difference between two batch sizes");
  return {(large.batch * large.mean - small.batch * small.mean) / (large.batch - small.batch),
          (small.mean - large.mean) / (1.0 / small.batch - 1.0 / large.batch)};
}

GradientNoise measure_noise(Objective& objective, const Vector& at, std::int64_t small, std::int64_t large, int repeats,
                            RngStream& draws) {
  SIM_ASSERT(repeats >= 1, "noise is measured from gradients");
  Vector gradient;
  const auto mean_norm = [&](std::int64_t batch) {
    double sum = 0.0;
    for (int i = 0; i < repeats; ++i) {
      objective.gradient(at, batch, draws, gradient);
      sum += gradient.cast<double>().squaredNorm();
    }
    return SquaredNorm{static_cast<double>(batch), sum / repeats};
  };
  const SquaredNorm of_small = mean_norm(small);
  return gradient_noise(of_small, mean_norm(large));
}

}  // namespace orrery::learn
