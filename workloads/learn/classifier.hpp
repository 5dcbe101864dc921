// Classification by dense layers with ReLU between them and softmax cross-entropy at the end: what softmax regression
// (no hidden layer) and the multi-layer perceptron share. A mini-batch is gathered into scratch memory, then each layer
// is one matrix product forward and two backward.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "workloads/learn/problem.hpp"

namespace orrery::learn {

struct ClassifierConfig {
  std::vector<std::int64_t> hidden;  ///< width of each hidden layer
  double l2 = 0.0;                   ///< adds l2 / 2 |weights|^2 to the loss; biases are free
};

/// Parameters: per layer the weights (inputs x outputs, column by column), then the biases. Without hidden layers the
/// start is 0; with them, weights are normal of variance 2 / inputs (He et al. 2015) and biases 0. REQUIRES: no
/// refusal.
std::unique_ptr<Objective> classifier(const Dataset& data, const ClassifierConfig& config);

/// Why there are no classes to learn in that data.
std::optional<std::string> refuse_classes(const Dataset& data);

}  // namespace orrery::learn
