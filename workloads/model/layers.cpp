#include "workloads/model/layers.hpp"

#include <utility>

namespace orrery::model {

using cost::Elementwise;
using cost::ElementwiseKind;
using cost::Gemm;
using cost::LayerNorm;
using cost::Pass;

Linear::Linear(GraphBuilder& builder, std::string layer, std::int64_t rows_, std::int64_t in_,
               std::int64_t out_, double init_std)
    : name(std::move(layer)),
      rows(rows_),
      in(in_),
      out(out_),
      weight(builder.parameter(name + ".weight", in * out, Init::normal, init_std)),
      bias(builder.parameter(name + ".bias", out, Init::zeros)) {}

TensorId Linear::forward(GraphBuilder& builder, TensorId x) const {
  const TensorId y = builder.activation(name, rows * out);
  builder.node(name, Gemm{.m = rows, .n = out, .k = in}, {x, weight.value, y});
  builder.node(name + ".bias", Elementwise{ElementwiseKind::bias, rows, out}, {y, bias.value});
  return y;
}

void Linear::weight_gradients(GraphBuilder& builder, TensorId x, TensorId dy) const {
  builder.node(name + ".bias_gradient", Elementwise{ElementwiseKind::bias_gradient, rows, out},
               {dy, bias.gradient});
  builder.node(name + ".weight_gradient", Gemm{.m = in, .n = out, .k = rows, .trans_a = true},
               {x, dy, weight.gradient});
}

TensorId Linear::input_gradient(GraphBuilder& builder, TensorId dy) const {
  const TensorId dx = builder.borrow(rows * in);
  builder.node(name + ".input_gradient", Gemm{.m = rows, .n = in, .k = out, .trans_b = true},
               {dy, weight.value, dx});
  return dx;
}

TensorId Linear::backward(GraphBuilder& builder, TensorId x, TensorId dy) const {
  weight_gradients(builder, x, dy);
  return input_gradient(builder, dy);
}

Norm::Norm(GraphBuilder& builder, std::string layer, std::int64_t rows_, std::int64_t width_)
    : name(std::move(layer)),
      rows(rows_),
      width(width_),
      gamma(builder.parameter(name + ".gamma", width, Init::ones)),
      beta(builder.parameter(name + ".beta", width, Init::zeros)) {}

TensorId Norm::forward(GraphBuilder& builder, TensorId x) {
  const TensorId y = builder.activation(name, rows * width);
  mean = builder.activation(name + ".mean", rows);
  rstd = builder.activation(name + ".rstd", rows);
  builder.node(name, LayerNorm{rows, width, Pass::forward}, {x, gamma.value, beta.value, y, mean, rstd});
  return y;
}

TensorId Norm::backward(GraphBuilder& builder, TensorId x, TensorId dy) const {
  const TensorId dx = builder.borrow(rows * width);
  builder.node(name + ".backward", LayerNorm{rows, width, Pass::backward},
               {x, gamma.value, mean, rstd, dy, dx, gamma.gradient, beta.gradient});
  return dx;
}

TensorId add_activations(GraphBuilder& builder, const std::string& name, std::int64_t rows, std::int64_t cols,
                         TensorId a, TensorId b) {
  const TensorId y = builder.activation(name, rows * cols);
  builder.node(name, Elementwise{ElementwiseKind::add, rows, cols}, {a, b, y});
  return y;
}

TensorId add_gradients(GraphBuilder& builder, const std::string& name, std::int64_t rows, std::int64_t cols,
                       TensorId a, TensorId b) {
  const TensorId y = builder.borrow(rows * cols);
  builder.node(name, Elementwise{ElementwiseKind::add, rows, cols}, {a, b, y});
  builder.give_back(a);
  builder.give_back(b);
  return y;
}

}  // namespace orrery::model
