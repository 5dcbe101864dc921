#include "calibrate/backends/cuda/cudnn_plan.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "calibrate/backend.hpp"
#include "sim/base/error.hpp"

namespace orrery::cuda {
namespace {

constexpr std::int64_t kAlignment = 256;

/// Configurations that are tried, compiled each: so many that a shape which cuDNN refuses does not use up the
/// time of others.
struct Attempts {
  cudnnBackendHeurMode_t advice;
  std::int64_t most;
};
constexpr std::array kAttempts{Attempts{CUDNN_HEUR_MODE_A, 6}, Attempts{CUDNN_HEUR_MODE_FALLBACK, 2}};

std::int64_t aligned(std::int64_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

std::int64_t type_bytes(cudnnDataType_t type) {
  switch (type) {
    case CUDNN_DATA_HALF:
    case CUDNN_DATA_BFLOAT16:
      return 2;
    case CUDNN_DATA_BOOLEAN:
      return 1;
    default:
      return 4;
  }
}

/// The descriptors that cuDNN hands out behind an attribute (engines, configurations): made empty by us,
/// filled by it, at most `limit`. (Asked for none, it does not tell the number of every attribute.)
std::vector<CudnnDescriptor> get_descriptors(const CudnnDescriptor& from, cudnnBackendAttributeName_t name,
                                             cudnnBackendDescriptorType_t type, std::int64_t limit) {
  std::vector<CudnnDescriptor> found;
  std::vector<cudnnBackendDescriptor_t> raw;
  for (std::int64_t i = 0; i < limit; ++i) raw.push_back(found.emplace_back(type).raw());
  std::int64_t filled = 0;
  CUDNN_CHECK(Cudnn::get().cudnnBackendGetAttribute(from.raw(), name, CUDNN_TYPE_BACKEND_DESCRIPTOR, limit,
                                                    &filled, raw.data()));
  found.erase(found.begin() + std::min(filled, limit), found.end());
  return found;
}

/// Of all scratch tensors. Throws DoesNotFit when they alone leave no room for an engine, before anything is
/// compiled.
std::int64_t fitting_scratch_bytes(const CudnnGraph& graph, std::int64_t limit) {
  const std::int64_t bytes = graph.scratch_bytes();
  if (bytes == 0 || bytes < limit) return bytes;
  throw calibrate::DoesNotFit(
      fmt::format("cuDNN: the graph wants {} bytes of scratch memory, there are {}", bytes, limit));
}

std::int64_t get_number(const CudnnDescriptor& from, cudnnBackendAttributeName_t name,
                        cudnnBackendAttributeType_t type) {
  std::int64_t value = 0, count = 0;
  CUDNN_CHECK(Cudnn::get().cudnnBackendGetAttribute(from.raw(), name, type, 1, &count, &value));
  return value;
}

std::string engine_text(const CudnnDescriptor& config) {
  const auto engines =
      get_descriptors(config, CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_BACKEND_ENGINE_DESCRIPTOR, 1);
  if (engines.empty()) return "engine unknown";
  std::string text =
      fmt::format("engine {}", get_number(engines[0], CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64));
  for (const CudnnDescriptor& knob :
       get_descriptors(config, CUDNN_ATTR_ENGINECFG_KNOB_CHOICES, CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR,
                       CUDNN_KNOB_TYPE_COUNTS)) {
    // The type is a 4-byte enumeration; read into 8 zeroed bytes it is the same number on a little-endian
    // host.
    text += fmt::format(" k{}={}", get_number(knob, CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, CUDNN_TYPE_KNOB_TYPE),
                        get_number(knob, CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE, CUDNN_TYPE_INT64));
  }
  return text;
}

CudnnDescriptor make_tensor(const GraphTensor& t, std::int64_t uid) {
  CudnnDescriptor d(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
  d.set(CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &t.type);
  d.set(CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, 4, t.dims.data());
  d.set(CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, 4, t.strides.data());
  d.set(CUDNN_ATTR_TENSOR_UNIQUE_ID, uid);
  d.set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, std::int64_t{16});
  const bool passing = t.kind == GraphTensor::Kind::passing, scalar = t.kind == GraphTensor::Kind::scalar;
  d.set(CUDNN_ATTR_TENSOR_IS_VIRTUAL, CUDNN_TYPE_BOOLEAN, 1, &passing);
  d.set(CUDNN_ATTR_TENSOR_IS_BY_VALUE, CUDNN_TYPE_BOOLEAN, 1, &scalar);
  d.finalize();
  return d;
}

}  // namespace

Dims packed_strides(const Dims& dims) {
  return {dims[1] * dims[2] * dims[3], dims[2] * dims[3], dims[3], 1};
}

std::int64_t GraphTensor::bytes() const {
  return dims[0] * dims[1] * dims[2] * dims[3] * type_bytes(type);
}

int CudnnGraph::add(GraphTensor tensor) {
  tensors.push_back(std::move(tensor));
  return static_cast<int>(tensors.size()) - 1;
}

std::int64_t CudnnGraph::scratch_bytes() const {
  std::int64_t sum = 0;
  for (const GraphTensor& t : tensors) {
    if (t.kind == GraphTensor::Kind::scratch) sum += aligned(t.bytes());
  }
  return sum;
}

CudnnDescriptor::CudnnDescriptor(cudnnBackendDescriptorType_t type) {
  CUDNN_CHECK(Cudnn::get().cudnnBackendCreateDescriptor(type, &raw_));
}

CudnnDescriptor::~CudnnDescriptor() {
  if (raw_ != nullptr) Cudnn::get().cudnnBackendDestroyDescriptor(raw_);
}

void CudnnDescriptor::set(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                          std::int64_t count, const void* values) {
  CUDNN_CHECK(Cudnn::get().cudnnBackendSetAttribute(raw_, name, type, count, values));
}

void CudnnDescriptor::set(cudnnBackendAttributeName_t name, const CudnnDescriptor& other) {
  const cudnnBackendDescriptor_t raw = other.raw();
  set(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &raw);
}

void CudnnDescriptor::set(cudnnBackendAttributeName_t name, std::int64_t value) {
  set(name, CUDNN_TYPE_INT64, 1, &value);
}

void CudnnDescriptor::finalize() {
  CUDNN_CHECK(Cudnn::get().cudnnBackendFinalize(raw_));
}

CudnnPlan::CudnnPlan(const CudnnGraph& graph, const PlanTarget& target, std::int64_t workspace_limit)
    : spec_(graph),
      scratch_bytes_(fitting_scratch_bytes(graph, workspace_limit)),
      graph_(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR),
      plan_(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR) {
  for (const GraphTensor& t : graph.tensors) {
    tensors_.push_back(make_tensor(t, static_cast<std::int64_t>(tensors_.size()) + 1));
    float_scalars_.push_back(static_cast<float>(t.value));
    int_scalars_.push_back(t.type == CUDNN_DATA_INT32 ? static_cast<std::int32_t>(t.value) : 0);
  }
  build_operations();
  build_graph(target);
  choose(target, workspace_limit);
}

const CudnnDescriptor& CudnnPlan::at(int tensor) const {
  SIM_ASSERT(tensor >= 0 && tensor < static_cast<int>(tensors_.size()), "a graph's node names no tensor");
  return tensors_[static_cast<std::size_t>(tensor)];
}

void CudnnPlan::add_matmul(const GraphNode& n) {
  CudnnDescriptor& how = helpers_.emplace_back(CUDNN_BACKEND_MATMUL_DESCRIPTOR);
  how.set(CUDNN_ATTR_MATMUL_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &n.math);
  how.finalize();
  CudnnDescriptor& op = operations_.emplace_back(CUDNN_BACKEND_OPERATION_MATMUL_DESCRIPTOR);
  op.set(CUDNN_ATTR_OPERATION_MATMUL_DESC, how);
  op.set(CUDNN_ATTR_OPERATION_MATMUL_ADESC, at(n.x));
  op.set(CUDNN_ATTR_OPERATION_MATMUL_BDESC, at(n.b));
  op.set(CUDNN_ATTR_OPERATION_MATMUL_CDESC, at(n.y));
}

void CudnnPlan::add_pointwise(const GraphNode& n) {
  CudnnDescriptor& how = helpers_.emplace_back(CUDNN_BACKEND_POINTWISE_DESCRIPTOR);
  how.set(CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, 1, &n.pointwise);
  how.set(CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_TYPE_DATA_TYPE, 1, &n.math);
  if (n.pointwise == CUDNN_POINTWISE_GEN_INDEX) how.set(CUDNN_ATTR_POINTWISE_AXIS, n.axis);
  how.finalize();
  CudnnDescriptor& op = operations_.emplace_back(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
  op.set(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, how);
  op.set(CUDNN_ATTR_OPERATION_POINTWISE_XDESC, at(n.x));
  if (n.b >= 0) op.set(CUDNN_ATTR_OPERATION_POINTWISE_BDESC, at(n.b));
  if (n.t >= 0) op.set(CUDNN_ATTR_OPERATION_POINTWISE_TDESC, at(n.t));
  op.set(CUDNN_ATTR_OPERATION_POINTWISE_YDESC, at(n.y));
}

void CudnnPlan::add_reduction(const GraphNode& n) {
  CudnnDescriptor& how = helpers_.emplace_back(CUDNN_BACKEND_REDUCTION_DESCRIPTOR);
  how.set(CUDNN_ATTR_REDUCTION_OPERATOR, CUDNN_TYPE_REDUCTION_OPERATOR_TYPE, 1, &n.reduction);
  how.set(CUDNN_ATTR_REDUCTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &n.math);
  how.finalize();
  CudnnDescriptor& op = operations_.emplace_back(CUDNN_BACKEND_OPERATION_REDUCTION_DESCRIPTOR);
  op.set(CUDNN_ATTR_OPERATION_REDUCTION_DESC, how);
  op.set(CUDNN_ATTR_OPERATION_REDUCTION_XDESC, at(n.x));
  op.set(CUDNN_ATTR_OPERATION_REDUCTION_YDESC, at(n.y));
}

void CudnnPlan::add_attention(const GraphAttention& a) {
  CudnnDescriptor& op = operations_.emplace_back(CUDNN_BACKEND_OPERATION_SDPA_FWD_DESCRIPTOR);
  op.set(CUDNN_ATTR_OPERATION_SDPA_FWD_QDESC, at(a.q));
  op.set(CUDNN_ATTR_OPERATION_SDPA_FWD_KDESC, at(a.k));
  op.set(CUDNN_ATTR_OPERATION_SDPA_FWD_VDESC, at(a.v));
  op.set(CUDNN_ATTR_OPERATION_SDPA_FWD_ODESC, at(a.o));
  op.set(CUDNN_ATTR_OPERATION_SDPA_FWD_STATSDESC, at(a.stats));
  op.set(CUDNN_ATTR_OPERATION_SDPA_FWD_SCALEDESC, at(a.scale));
  op.finalize();
}

void CudnnPlan::build_operations() {
  for (const GraphNode& n : spec_.nodes) {
    switch (n.kind) {
      case GraphNode::Kind::matmul:
        add_matmul(n);
        break;
      case GraphNode::Kind::pointwise:
        add_pointwise(n);
        break;
      case GraphNode::Kind::reduction:
        add_reduction(n);
        break;
      case GraphNode::Kind::reshape: {
        CudnnDescriptor& op = operations_.emplace_back(CUDNN_BACKEND_OPERATION_RESHAPE_DESCRIPTOR);
        op.set(CUDNN_ATTR_OPERATION_RESHAPE_XDESC, at(n.x));
        op.set(CUDNN_ATTR_OPERATION_RESHAPE_YDESC, at(n.y));
        break;
      }
    }
    operations_.back().finalize();
  }
  if (spec_.attention.used) add_attention(spec_.attention);
}

void CudnnPlan::build_graph(const PlanTarget& target) {
  if (target.handle == nullptr) {
    CudnnDescriptor& device = device_.emplace_back(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR);
    device.set(CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, CUDNN_TYPE_CHAR,
               static_cast<std::int64_t>(target.description.size()), target.description.data());
    device.finalize();
  } else {
    graph_.set(CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, 1, &target.handle);
  }
  std::vector<cudnnBackendDescriptor_t> raw;
  for (const CudnnDescriptor& op : operations_) raw.push_back(op.raw());
  graph_.set(CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR,
             static_cast<std::int64_t>(raw.size()), raw.data());
  graph_.finalize();
}

void CudnnPlan::take(const CudnnDescriptor& config, const PlanTarget& target, std::int64_t plan_limit) {
  CudnnDescriptor plan(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
  if (target.handle == nullptr) {
    plan.set(CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP, device_[0]);
  } else {
    plan.set(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, 1, &target.handle);
  }
  plan.set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, config);
  plan.finalize();
  const std::int64_t bytes = get_number(plan, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64);
  const std::string engine = engine_text(config);
  if (bytes > plan_limit) {
    throw calibrate::DoesNotFit(
        fmt::format("cuDNN: {} wants {} bytes of workspace and {} of scratch, over the limit", engine, bytes,
                    scratch_bytes_));
  }
  engine_ = engine;
  plan_ = std::move(plan);
  plan_bytes_ = bytes;
}

void CudnnPlan::choose(const PlanTarget& target, std::int64_t workspace_limit) {
  bool too_large = false;
  std::string refusals;
  for (const auto& [mode, most] : kAttempts) {
    std::vector<CudnnDescriptor> configs;
    try {
      CudnnDescriptor advice(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
      advice.set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph_);
      advice.set(CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1, &mode);
      if (target.handle == nullptr) advice.set(CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, device_[0]);
      advice.finalize();
      configs =
          get_descriptors(advice, CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, most);
    } catch (const BackendError& error) {
      refusals += std::string("; ") + error.what();
    }
    for (const CudnnDescriptor& config : configs) {
      try {
        take(config, target, workspace_limit - scratch_bytes_);
        return;
      } catch (const calibrate::DoesNotFit& error) {
        too_large = true;
        refusals += std::string("; ") + error.what();
      } catch (const BackendError& error) {
        refusals += std::string("; ") + error.what();
      }
    }
  }
  const std::string message =
      "cuDNN has no engine for this graph" + (refusals.empty() ? ": no advice" : refusals);
  if (too_large) throw calibrate::DoesNotFit(message);
  throw BackendError(message);
}

void CudnnPlan::execute(cudnnHandle_t handle, cudaStream_t stream, std::span<void* const> operands,
                        void* workspace) {
  std::vector<std::int64_t> uids;
  std::vector<void*> addresses;
  char* free_space = static_cast<char*>(workspace);
  for (std::size_t i = 0; i < spec_.tensors.size(); ++i) {
    const GraphTensor& t = spec_.tensors[i];
    void* address = nullptr;
    switch (t.kind) {
      case GraphTensor::Kind::passing:
        continue;
      case GraphTensor::Kind::operand:
        address = operands[static_cast<std::size_t>(t.operand)];
        break;
      case GraphTensor::Kind::scratch:
        address = free_space;
        free_space += aligned(t.bytes());
        break;
      case GraphTensor::Kind::scalar:
        address = t.type == CUDNN_DATA_INT32 ? static_cast<void*>(&int_scalars_[i]) : &float_scalars_[i];
        break;
    }
    uids.push_back(static_cast<std::int64_t>(i) + 1);
    addresses.push_back(address);
  }
  // Engines add into scratch tensors.
  if (scratch_bytes_ > 0)
    CUDA_CHECK(cudaMemsetAsync(workspace, 0, static_cast<std::size_t>(scratch_bytes_), stream));
  void* rest = free_space;
  CudnnDescriptor pack(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
  const auto count = static_cast<std::int64_t>(uids.size());
  pack.set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, count, uids.data());
  pack.set(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, count, addresses.data());
  pack.set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1, &rest);
  pack.finalize();
  CUDNN_CHECK(Cudnn::get().cudnnSetStream(handle, stream));
  CUDNN_CHECK(Cudnn::get().cudnnBackendExecute(handle, plan_.raw(), pack.raw()));
}

}  // namespace orrery::cuda
