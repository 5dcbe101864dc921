// What a scenario says about the model and its optimizer: plain values, described once with `fields()`.
// Builders turn them into a ModelGraph; the simulator and the reference trainer both start from these
// structs.
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "costmodel/op.hpp"
#include "sim/base/fields.hpp"

namespace orrery::model {

/// Fully connected layers with ReLU between them; cross-entropy over `classes`.
struct MlpConfig {
  static constexpr std::string_view kind = "mlp";
  static constexpr std::string_view kind_help = "fully connected layers with ReLU";
  std::int64_t inputs = 784;
  std::vector<std::int64_t> hidden = {256};
  std::int64_t classes = 10;
};
template <class V>
void fields(V& v, MlpConfig& c) {
  v("inputs", c.inputs, "features per sample", at_least(1));
  v("hidden", c.hidden, "width of each hidden layer", at_least(1));
  v("classes", c.classes, "classes to tell apart", at_least(2));
}

/// Pre-norm decoder with causal attention, GELU MLP of 4 * width and tied embedding. `heads` divides `width`.
struct GptConfig {
  static constexpr std::string_view kind = "gpt";
  static constexpr std::string_view kind_help = "pre-norm transformer decoder with tied embedding";
  std::int64_t layers = 4;
  std::int64_t width = 128;
  std::int64_t heads = 4;
  std::int64_t context = 128;
  std::int64_t vocab = 128;
};
template <class V>
void fields(V& v, GptConfig& c) {
  v("layers", c.layers, "transformer blocks", between(1, 10000));
  v("width", c.width, "length of the residual stream", at_least(1));
  v("heads", c.heads, "attention heads; divides width", at_least(1));
  v("context", c.context, "tokens per sample", at_least(1));
  v("vocab", c.vocab, "distinct tokens", at_least(2));
}

using ModelConfig = std::variant<MlpConfig, GptConfig>;

struct SgdConfig {
  static constexpr std::string_view kind = "sgd";
  static constexpr std::string_view kind_help = "w -= learning_rate * g";
  double learning_rate = 0.1;
};
template <class V>
void fields(V& v, SgdConfig& c) {
  v("learning_rate", c.learning_rate, "step size", more_than(0));
}

struct MomentumConfig {
  static constexpr std::string_view kind = "momentum";
  static constexpr std::string_view kind_help =
      "velocity = momentum * velocity + g; w -= learning_rate * velocity";
  double learning_rate = 0.05;
  double momentum = 0.9;
};
template <class V>
void fields(V& v, MomentumConfig& c) {
  v("learning_rate", c.learning_rate, "step size", more_than(0));
  v("momentum", c.momentum, "share of the old velocity that is kept", between(0, 1));
}

struct AdamConfig {
  static constexpr std::string_view kind = "adam";
  static constexpr std::string_view kind_help = "adaptive moments with bias correction (Kingma and Ba 2015)";
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
};
template <class V>
void fields(V& v, AdamConfig& c) {
  v("learning_rate", c.learning_rate, "step size", more_than(0));
  v("beta1", c.beta1, "decay of the mean of gradients", between(0, 1));
  v("beta2", c.beta2, "decay of the mean of squared gradients", between(0, 1));
  v("epsilon", c.epsilon, "added to the root of the second moment", more_than(0));
}

/// Alternatives stand in the order of cost::OptimizerKind.
using OptimizerConfig = std::variant<SgdConfig, MomentumConfig, AdamConfig>;

inline cost::OptimizerKind optimizer_kind(const OptimizerConfig& config) {
  return static_cast<cost::OptimizerKind>(config.index());
}

}  // namespace orrery::model
