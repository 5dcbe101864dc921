// A cuDNN graph as plain data, and the plan that cuDNN makes of it. The data can be read, checked and
// computed by a test without a GPU; planning needs the library and either a handle of a device or a
// description of one, so that what cuDNN accepts is known before a GPU is at hand; only executing needs the
// device.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "calibrate/backends/cuda/cudnn.hpp"

namespace orrery::cuda {

using Dims = std::array<std::int64_t, 4>;

/// Strides of a tensor that lies in memory in the order of its dimensions.
Dims packed_strides(const Dims& dims);

/// One tensor of a graph. Tensors know each other by their place in CudnnGraph::tensors.
struct GraphTensor {
  enum class Kind {
    operand,  ///< in memory, address of the operator's operand `operand`
    scratch,  ///< in memory, but nobody's operand: its place is in the workspace, zero when a launch begins
    passing,  ///< never in memory: exists between two nodes
    scalar    ///< the number `value`
  };
  std::string name;
  Dims dims{1, 1, 1, 1}, strides{1, 1, 1, 1};
  cudnnDataType_t type = CUDNN_DATA_FLOAT;
  Kind kind = Kind::passing;
  int operand = -1;
  double value = 0.0;
  std::int64_t bytes() const;
};

/// One operation: y = node(x, b, t), of which a node uses what it needs (-1: nothing there).
struct GraphNode {
  enum class Kind { matmul, pointwise, reduction, reshape };
  Kind kind = Kind::pointwise;
  int x = -1, b = -1, t = -1, y = -1;
  cudnnPointwiseMode_t pointwise = CUDNN_POINTWISE_IDENTITY;
  cudnnReduceTensorOp_t reduction = CUDNN_REDUCE_TENSOR_ADD;
  cudnnDataType_t math = CUDNN_DATA_FLOAT;
  std::int64_t axis = -1;  ///< of CUDNN_POINTWISE_GEN_INDEX
};

/// The unified operation of attention, in place of nodes; -1: not this one.
struct GraphAttention {
  bool used = false;
  int q = -1, k = -1, v = -1, o = -1, stats = -1, scale = -1;
};

struct CudnnGraph {
  std::vector<GraphTensor> tensors;
  std::vector<GraphNode> nodes;
  GraphAttention attention;
  int add(GraphTensor tensor);
  std::int64_t scratch_bytes() const;  ///< of all scratch tensors, each aligned to 256
};

/// Where a plan shall run: a device that answers (`handle`), or one that is only described (in cuDNN's JSON).
struct PlanTarget {
  cudnnHandle_t handle = nullptr;
  std::string description;
};

/// Owns one backend descriptor.
class CudnnDescriptor {
 public:
  explicit CudnnDescriptor(cudnnBackendDescriptorType_t type);
  CudnnDescriptor(CudnnDescriptor&& other) noexcept : raw_(std::exchange(other.raw_, nullptr)) {}
  CudnnDescriptor& operator=(CudnnDescriptor&& other) noexcept {
    std::swap(raw_, other.raw_);
    return *this;
  }
  ~CudnnDescriptor();

  void set(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, std::int64_t count,
           const void* values);
  void set(cudnnBackendAttributeName_t name, const CudnnDescriptor& other);
  void set(cudnnBackendAttributeName_t name, std::int64_t value);
  void finalize();
  cudnnBackendDescriptor_t raw() const { return raw_; }

 private:
  cudnnBackendDescriptor_t raw_ = nullptr;
};

/// A graph that cuDNN has found an engine for. Not for several threads at once.
class CudnnPlan {
 public:
  /// Tries the first engines in the order of cuDNN's advice. Throws BackendError when it refuses the graph,
  /// DoesNotFit when they want more than `workspace_limit` bytes (scratch tensors included); where the
  /// scratch tensors alone do, no engine is tried.
  CudnnPlan(const CudnnGraph& graph, const PlanTarget& target, std::int64_t workspace_limit);

  /// Enqueues the graph. `operands[i]` is the address of the operand i, `workspace` has workspace_bytes().
  /// `workspace` is aligned to 256 bytes.
  void execute(cudnnHandle_t handle, cudaStream_t stream, std::span<void* const> operands, void* workspace);

  std::int64_t workspace_bytes() const { return scratch_bytes_ + plan_bytes_; }
  /// "engine 6 k14=-1 k24=26": cuDNN's numbers of the engine and of its knobs (cudnnBackendKnobType_t).
  const std::string& engine() const { return engine_; }

 private:
  const CudnnDescriptor& at(int tensor) const;
  void add_matmul(const GraphNode& node);
  void add_pointwise(const GraphNode& node);
  void add_reduction(const GraphNode& node);
  void add_attention(const GraphAttention& attention);
  void build_operations();
  void build_graph(const PlanTarget& target);
  void choose(const PlanTarget& target, std::int64_t workspace_limit);
  /// Makes the plan of one configuration ours. Throws BackendError, DoesNotFit.
  void take(const CudnnDescriptor& config, const PlanTarget& target, std::int64_t plan_limit);

  CudnnGraph spec_;
  std::int64_t scratch_bytes_ = 0, plan_bytes_ = 0;
  std::vector<CudnnDescriptor> tensors_, helpers_, operations_;
  std::vector<CudnnDescriptor> device_;  ///< none or one: the described device
  CudnnDescriptor graph_, plan_;
  std::vector<float> float_scalars_;
  std::vector<std::int32_t> int_scalars_;
  std::string engine_;
};

}  // namespace orrery::cuda
