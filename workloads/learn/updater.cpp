#include "workloads/learn/updater.hpp"

#include <algorithm>
#include <cmath>

#include "sim/base/error.hpp"

namespace orrery::learn {
namespace {

/// (1 + cos(pi x)) / 2 = cos^2(pi x / 2) for x in [0, 1], by the cosine's series: the same bits with every C library.
double half_cosine(double x) {
  const double squared = x * x * (1.5707963267948966 * 1.5707963267948966);
  double term = 1.0, cosine = 1.0;
  for (int n = 1; n <= 12; ++n) {
    term *= -squared / static_cast<double>((2 * n - 1) * (2 * n));
    cosine += term;
  }
  return cosine * cosine;
}

double share_at(const ConstantRate&, double) {
  return 1.0;
}
double share_at(const StepRate& rate, double epochs) {
  return portable_exp(std::floor(epochs / rate.every) * portable_log(rate.factor));
}
double share_at(const CosineRate& rate, double epochs) {
  return rate.last + (1.0 - rate.last) * half_cosine(std::min(1.0, epochs / rate.epochs));
}
double share_at(const InverseRate& rate, double epochs) {
  return 1.0 / (1.0 + epochs / rate.half_life);
}

float correction(StalenessCorrection kind, std::int64_t staleness) {
  switch (kind) {
    case StalenessCorrection::inverse: return 1.0F / static_cast<float>(std::max<std::int64_t>(1, staleness));
    case StalenessCorrection::damped: return 1.0F / static_cast<float>(1 + staleness);
    case StalenessCorrection::none: break;
  }
  return 1.0F;
}

}  // namespace

Updater::Updater(const UpdateConfig& config, std::int64_t parameters) : config_(config), sum_(parameters) {
  const bool has_velocity = !std::holds_alternative<model::SgdConfig>(config.optimizer);
  if (has_velocity) first_.setZero(parameters);
  if (std::holds_alternative<model::AdamConfig>(config.optimizer)) second_.setZero(parameters);
}

void Updater::add(const Vector& gradient, std::int64_t staleness) {
  SIM_ASSERT(gradient.size() == sum_.size(), "a gradient has as many numbers as the model");
  SIM_ASSERT(staleness >= 0, "a gradient is not younger than the model it was computed at");
  const float scale = correction(config_.staleness, staleness);
  corrections_ += scale;
  if (added_++ == 0) {
    sum_ = scale * gradient;
  } else {
    sum_ += scale * gradient;
  }
}

double Updater::learning_rate(double epochs) const {
  const double base = std::visit([](const auto& o) { return o.learning_rate; }, config_.optimizer);
  const double warm = epochs < config_.warm_up ? epochs / config_.warm_up : 1.0;
  return base * warm * std::visit([epochs](const auto& rate) { return share_at(rate, epochs); }, config_.schedule);
}

void Updater::update(Vector& weights, double epochs) {
  SIM_ASSERT(added_ > 0, "an update needs a gradient");
  const double rate = learning_rate(epochs);
  const auto step = static_cast<float>(rate);
  const auto* adam = std::get_if<model::AdamConfig>(&config_.optimizer);
  const auto added = static_cast<float>(added_);
  const float divisor = adam != nullptr ? corrections_ : added;
  if (divisor != 1.0F) sum_ /= divisor;
  const double corrected = static_cast<double>(corrections_ / added) * rate;
  added_ = 0;
  corrections_ = 0.0F;
  ++updates_;
  if (config_.weight_decay > 0.0) weights *= static_cast<float>(1.0 - rate * config_.weight_decay);
  if (const auto* momentum = std::get_if<model::MomentumConfig>(&config_.optimizer)) {
    first_ = static_cast<float>(momentum->momentum) * first_ + sum_;
    weights -= step * first_;
  } else if (adam != nullptr) {
    const auto beta1 = static_cast<float>(adam->beta1), beta2 = static_cast<float>(adam->beta2);
    first_ = beta1 * first_ + (1.0F - beta1) * sum_;
    second_ = beta2 * second_ + (1.0F - beta2) * sum_.cwiseAbs2();
    decay1_ *= adam->beta1;
    decay2_ *= adam->beta2;
    const auto adam_step = static_cast<float>(corrected / (1.0 - decay1_));
    const auto unbias = static_cast<float>(1.0 / (1.0 - decay2_));
    weights.array() -= adam_step * first_.array() /
                       ((unbias * second_.array()).sqrt() + static_cast<float>(adam->epsilon));
  } else {
    weights -= step * sum_;
  }
}

}  // namespace orrery::learn
