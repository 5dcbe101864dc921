#include "workloads/learn/compressor.hpp"

#include <utility>

namespace orrery::learn {

Registry<Compressor>& Compressor::registry() {
  static Registry<Compressor> registry("compressor", "compressors");
  return registry;
}

CompressionState::CompressionState(Registered<Compressor> compressor, bool error_feedback, RngStream draws)
    : compressor_(std::move(compressor)), error_feedback_(error_feedback), draws_(draws) {}

void CompressionState::apply(Vector& gradient) {
  if (!error_feedback_) {
    compressor_->apply(gradient, draws_);
    return;
  }
  if (memory_.size() != gradient.size()) memory_.setZero(gradient.size());
  gradient += memory_;
  wanted_ = gradient;
  compressor_->apply(gradient, draws_);
  const double omega = compressor_->variance(gradient.size()).value_or(0.0);
  if (omega > 0.0) gradient *= static_cast<float>(1.0 / (1.0 + omega));
  memory_ = wanted_ - gradient;
}

}  // namespace orrery::learn
