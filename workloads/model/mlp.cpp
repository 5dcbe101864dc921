// Fully connected network with ReLU between the layers and mean cross-entropy at the end. The first node
// copies the batch into the step's own memory, as a data loader does; the first layer needs no input
// gradient.
#include <cmath>
#include <string>
#include <vector>

#include "workloads/model/builder.hpp"
#include "workloads/model/layers.hpp"

namespace orrery::model {
namespace {

using cost::Elementwise;
using cost::ElementwiseKind;

std::string title(const std::vector<std::int64_t>& widths) {
  std::string text = "mlp ";
  for (std::size_t i = 0; i < widths.size(); ++i) text += (i ? "-" : "") + std::to_string(widths[i]);
  return text;
}

class Mlp : public ModelBuilder {
 public:
  ModelGraph build(const ModelConfig& any, const BuildRequest& request) const override {
    const auto& config = std::get<MlpConfig>(any);
    std::vector<std::int64_t> widths{config.inputs};
    widths.insert(widths.end(), config.hidden.begin(), config.hidden.end());
    widths.push_back(config.classes);

    GraphBuilder builder(title(widths), request);
    const std::int64_t batch = request.batch;
    builder.inputs = builder.input("batch", batch * config.inputs, cost::DType::fp32);
    builder.labels = builder.input("labels", batch, cost::DType::int32);

    std::vector<Linear> layers;
    for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
      const double he = std::sqrt(2.0 / static_cast<double>(widths[i]));  // He et al. 2015
      layers.emplace_back(builder, "layer" + std::to_string(i), batch, widths[i], widths[i + 1], he);
    }
    const std::vector<TensorId> activations = forward(builder, layers);
    const TensorId dlogits = builder.borrow(batch * config.classes);
    builder.node("loss", cost::CrossEntropy{batch, config.classes},
                 {builder.logits, builder.labels, dlogits, builder.scalar_loss()});
    backward(builder, layers, activations, dlogits);
    return builder.finish();
  }

 private:
  /// Returns the input of each layer.
  static std::vector<TensorId> forward(GraphBuilder& builder, const std::vector<Linear>& layers) {
    const std::int64_t elements = layers.front().rows * layers.front().in;
    TensorId x = builder.activation("input", elements);
    builder.node("load", cost::Copy{elements}, {builder.inputs, x});
    std::vector<TensorId> inputs;
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const Linear& layer = layers[i];
      inputs.push_back(x);
      const TensorId y = layer.forward(builder, x);
      if (i + 1 == layers.size()) {
        builder.logits = y;
        break;
      }
      x = builder.activation(layer.name + ".relu", layer.rows * layer.out);
      builder.node(layer.name + ".relu", Elementwise{ElementwiseKind::relu_forward, layer.rows, layer.out},
                   {y, x});
    }
    return inputs;
  }

  static void backward(GraphBuilder& builder, const std::vector<Linear>& layers,
                       const std::vector<TensorId>& inputs, TensorId dlogits) {
    builder.enter(Phase::backward);
    TensorId dy = dlogits;
    for (std::size_t i = layers.size(); i-- > 0;) {
      const Linear& layer = layers[i];
      if (i + 1 < layers.size()) {
        const TensorId dz = builder.borrow(layer.rows * layer.out);
        builder.node(layer.name + ".relu_backward",
                     Elementwise{ElementwiseKind::relu_backward, layer.rows, layer.out},
                     {inputs[i + 1], dy, dz});
        builder.give_back(dy);
        dy = dz;
      }
      layer.weight_gradients(builder, inputs[i], dy);
      if (i > 0) {
        const TensorId dx = layer.input_gradient(builder, dy);
        builder.give_back(dy);
        dy = dx;
      }
    }
  }
};

const bool registered = model_builders().add<Mlp>("mlp", std::string(MlpConfig::kind_help));

}  // namespace
}  // namespace orrery::model
