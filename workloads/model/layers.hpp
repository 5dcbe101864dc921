// The layers that models are made of, each with its forward and its backward nodes side by side. A layer's
// backward borrows the buffer of the gradient it returns; the caller gives back what it no longer reads.
#pragma once

#include <string>

#include "workloads/model/graph_builder.hpp"

namespace orrery::model {

/// y = x W + b with x[rows,in], W[in,out].
struct Linear {
  Linear(GraphBuilder& builder, std::string name, std::int64_t rows, std::int64_t in, std::int64_t out,
         double init_std);

  TensorId forward(GraphBuilder& builder, TensorId x) const;
  /// Nodes for db = column sums of dy and dW = x^T dy.
  void weight_gradients(GraphBuilder& builder, TensorId x, TensorId dy) const;
  /// Node for dx = dy W^T; returns the borrowed dx.
  TensorId input_gradient(GraphBuilder& builder, TensorId dy) const;
  /// Both.
  TensorId backward(GraphBuilder& builder, TensorId x, TensorId dy) const;

  std::string name;
  std::int64_t rows, in, out;
  Weight weight, bias;
};

/// Layer normalisation over the last axis; keeps mean and 1/sigma for backward.
struct Norm {
  Norm(GraphBuilder& builder, std::string name, std::int64_t rows, std::int64_t width);

  TensorId forward(GraphBuilder& builder, TensorId x);
  TensorId backward(GraphBuilder& builder, TensorId x, TensorId dy) const;

  std::string name;
  std::int64_t rows, width;
  Weight gamma, beta;
  TensorId mean, rstd;
};

/// Node for y = a + b into a new activation (forward) or a borrowed buffer (backward).
TensorId add_activations(GraphBuilder& builder, const std::string& name, std::int64_t rows, std::int64_t cols,
                         TensorId a, TensorId b);
/// Gives a and b back after adding them.
TensorId add_gradients(GraphBuilder& builder, const std::string& name, std::int64_t rows, std::int64_t cols,
                       TensorId a, TensorId b);

}  // namespace orrery::model
