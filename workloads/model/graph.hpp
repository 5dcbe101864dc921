// A model as data: tensors and the operators that one rank executes in one training step, in execution order.
// The simulator asks a cost model how long each node takes; the reference trainer allocates the tensors and
// calls a kernel per node. Both run this same graph, so it is the single description of forward, backward and
// update.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "costmodel/op.hpp"
#include "sim/base/ids.hpp"
#include "sim/base/units.hpp"

namespace orrery::model {

/// What a tensor is for: the categories of the memory report.
enum class TensorRole : std::uint8_t {
  input,
  parameter,
  gradient,
  optimizer_state,
  activation,
  activation_gradient,
  loss
};

struct Tensor {
  std::string name;
  std::int64_t elements = 0;
  cost::DType dtype = cost::DType::fp32;
  TensorRole role = TensorRole::activation;
  Bytes bytes() const { return Bytes(static_cast<double>(elements * cost::bytes_of(dtype))); }
};

enum class Phase : std::uint8_t { forward, backward, update };

/// One kernel call. `operands` are the tensors in the order of `cost::operands(op)`, with equal element
/// counts.
struct Node {
  std::string name;  ///< "block2.mlp.fc1": layer path, for traces and reports
  cost::Op op;
  Phase phase = Phase::forward;
  std::vector<TensorId> operands;
};

enum class Init : std::uint8_t { normal, zeros, ones };

/// Offsets of parameters in the flat buffers are multiples of this many elements (64 bytes).
constexpr std::int64_t kAlignment = 16;

/// A trainable parameter. All parameters live behind one another in one flat buffer (and their gradients in
/// another) in the order of `ModelGraph::parameters`, which is the order in which backward completes their
/// gradients: so a bucket of gradients is a contiguous range. Each starts on a cache line (`kAlignment`
/// elements); the gaps are padding that is zero in every buffer and stays zero.
struct Parameter {
  TensorId weight;
  TensorId gradient;
  Init init = Init::normal;
  double init_std = 0.0;    ///< for Init::normal
  std::int64_t offset = 0;  ///< first element in the flat buffers
  std::int64_t elements = 0;
  std::size_t ready_after = 0;  ///< index of the last node that writes this gradient
};

/// One training step of one rank on `batch` samples. Nodes with Phase::update work on the flat buffers
/// `flat_weights`, `flat_gradients` and the optimizer states, whose tensors span all parameters and their
/// padding; the weight and gradient tensors of each Parameter are windows into them, not storage of their
/// own. Before a step `inputs` and `labels` hold the batch; the cross-entropy node, which computes loss and
/// its gradient in one kernel, belongs to the forward phase.
struct ModelGraph {
  std::string name;                   ///< "mlp 784-256-10", "gpt 4x128"
  std::int64_t batch = 0;             ///< samples per rank and step
  std::vector<Tensor> tensors;        ///< TensorId indexes this
  std::vector<Node> nodes;            ///< execution order: forward, backward, update
  std::vector<Parameter> parameters;  ///< in gradient-ready order
  TensorId flat_weights, flat_gradients;
  TensorId inputs, labels, loss, logits;

  const Tensor& tensor(TensorId id) const { return tensors[id.index()]; }
  /// Trainable numbers, without padding.
  std::int64_t parameter_count() const;
};

/// Floating-point operations of one step.
Flops flops(const ModelGraph& graph);

/// Checks what every executor relies on and throws InternalError otherwise: operand counts and element counts
/// equal `cost::operands(op)`, nothing is read before it was written (weights, optimizer states and inputs
/// apart), phases are in order, parameters tile the flat buffers in gradient-ready order.
void validate(const ModelGraph& graph);

}  // namespace orrery::model
