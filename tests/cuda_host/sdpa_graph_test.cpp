// The graphs that cuDNN gets for attention: computed node by node on small tensors, through sizes and strides
// as they stand in the graph, and held against plain loops. Only the types' rounding is left out.
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>

#include "calibrate/backend.hpp"
#include "calibrate/backends/cuda/sdpa_graph.hpp"
#include "tests/cuda_host/attention_reference.hpp"

namespace {

using namespace orrery;
using cuda::CudnnGraph;
using cuda::Dims;
using cuda::GraphNode;
using cuda::GraphTensor;
using Values = std::vector<double>;

/// Computes a graph: one vector per tensor, laid out by the tensor's strides; operands share their memory.
class Interpreter {
 public:
  Interpreter(const CudnnGraph& graph, std::vector<Values*> operands)
      : graph_(graph), operands_(std::move(operands)) {
    for (const GraphTensor& t : graph.tensors) {
      std::int64_t last = 0;
      for (std::size_t i = 0; i < 4; ++i) last += (t.dims[i] - 1) * t.strides[i];
      own_.emplace_back(static_cast<std::size_t>(last + 1), t.value);
    }
  }

  void run() {
    for (const GraphNode& n : graph_.nodes) {
      switch (n.kind) {
        case GraphNode::Kind::matmul:
          matmul(n);
          break;
        case GraphNode::Kind::pointwise:
          pointwise(n);
          break;
        case GraphNode::Kind::reduction:
          reduction(n);
          break;
        case GraphNode::Kind::reshape:
          reshape(n);
          break;
      }
    }
  }

 private:
  const GraphTensor& tensor(int i) const { return graph_.tensors.at(static_cast<std::size_t>(i)); }
  /// The element of a tensor; a dimension of 1 is broadcast, fewer heads are shared by groups of them.
  double& at(int i, Dims index, const Dims& of) {
    const GraphTensor& t = tensor(i);
    std::int64_t offset = 0;
    for (std::size_t d = 0; d < 4; ++d) {
      if (t.dims[d] != of[d]) index[d] /= of[d] / t.dims[d];
      if (index[d] >= t.dims[d]) FAIL("a node reads outside of " << t.name);
      offset += index[d] * t.strides[d];
    }
    Values& values = t.kind == GraphTensor::Kind::operand ? *operands_.at(static_cast<std::size_t>(t.operand))
                                                          : own_.at(static_cast<std::size_t>(i));
    return values.at(static_cast<std::size_t>(offset));
  }
  static void each(const Dims& dims, const std::function<void(const Dims&)>& visit) {
    Dims i{};
    for (i[0] = 0; i[0] < dims[0]; ++i[0]) {
      for (i[1] = 0; i[1] < dims[1]; ++i[1]) {
        for (i[2] = 0; i[2] < dims[2]; ++i[2]) {
          for (i[3] = 0; i[3] < dims[3]; ++i[3]) visit(i);
        }
      }
    }
  }

  void matmul(const GraphNode& n) {
    const Dims y = tensor(n.y).dims;
    const std::int64_t depth = tensor(n.x).dims[3];
    REQUIRE(tensor(n.b).dims[2] == depth);
    each(y, [&](const Dims& i) {
      double sum = 0.0;
      for (std::int64_t k = 0; k < depth; ++k) {
        sum += at(n.x, {i[0], i[1], i[2], k}, {y[0], y[1], y[2], depth}) *
               at(n.b, {i[0], i[1], k, i[3]}, {y[0], y[1], depth, y[3]});
      }
      at(n.y, i, y) = sum;
    });
  }

  double point(const GraphNode& n, const Dims& i, const Dims& y) {
    const double x = at(n.x, i, y), b = n.b < 0 ? 0.0 : at(n.b, i, y);
    switch (n.pointwise) {
      case CUDNN_POINTWISE_ADD:
        return x + b;
      case CUDNN_POINTWISE_SUB:
        return x - b;
      case CUDNN_POINTWISE_MUL:
        return x * b;
      case CUDNN_POINTWISE_DIV:
        return x / b;
      case CUDNN_POINTWISE_EXP:
        return std::exp(x);
      case CUDNN_POINTWISE_LOG:
        return std::log(x);
      case CUDNN_POINTWISE_IDENTITY:
        return x;
      case CUDNN_POINTWISE_CMP_GE:
        return x >= b ? 1.0 : 0.0;
      case CUDNN_POINTWISE_GEN_INDEX:
        return static_cast<double>(i.at(static_cast<std::size_t>(n.axis)));
      case CUDNN_POINTWISE_BINARY_SELECT:
        return at(n.t, i, y) != 0.0 ? x : b;
      default:
        FAIL("a node that this test does not know");
        return 0.0;
    }
  }
  void pointwise(const GraphNode& n) {
    const Dims y = tensor(n.y).dims;
    each(y, [&](const Dims& i) { at(n.y, i, y) = point(n, i, y); });
  }

  void reduction(const GraphNode& n) {
    const Dims x = tensor(n.x).dims;
    const bool largest = n.reduction == CUDNN_REDUCE_TENSOR_MAX;
    each(tensor(n.y).dims, [&](const Dims& i) { at(n.y, i, tensor(n.y).dims) = largest ? -INFINITY : 0.0; });
    each(x, [&](const Dims& i) {
      double& sum = at(n.y, i, x);
      sum = largest ? std::max(sum, at(n.x, i, x)) : sum + at(n.x, i, x);
    });
  }

  /// The same memory under other sizes and strides.
  void reshape(const GraphNode& n) {
    const GraphTensor& from = tensor(n.x);
    own_.at(static_cast<std::size_t>(n.y)) = from.kind == GraphTensor::Kind::operand
                                                 ? *operands_.at(static_cast<std::size_t>(from.operand))
                                                 : own_.at(static_cast<std::size_t>(n.x));
  }

  const CudnnGraph& graph_;
  std::vector<Values*> operands_;
  std::vector<Values> own_;
};

void check_both_passes(cost::Attention op) {
  testing::AttentionNumbers n = testing::attention_reference(op, [](double x) { return x; });
  Values o(n.o.size(), NAN), lse(n.lse.size(), NAN);
  op.pass = cost::Pass::forward;
  Interpreter(cuda::sdpa_graph(op), {&n.q, &n.k, &n.v, &o, &lse}).run();
  CHECK(testing::relative_error(o, n.o) < 1e-6);
  CHECK(testing::relative_error(lse, n.lse) < 1e-6);
  Values dq(n.q.size(), NAN), dk(n.k.size(), NAN), dv(n.v.size(), NAN);
  op.pass = cost::Pass::backward;
  Interpreter(cuda::sdpa_graph(op), {&n.q, &n.k, &n.v, &n.o, &n.lse, &n.d_o, &dq, &dk, &dv}).run();
  CHECK(testing::relative_error(dq, n.dq) < 1e-6);
  CHECK(testing::relative_error(dk, n.dk) < 1e-6);
  CHECK(testing::relative_error(dv, n.dv) < 1e-6);
}

}  // namespace

TEST_CASE("tensors of attention have the strides of our layout") {
  const cuda::SdpaTensor t = cuda::sdpa_tensor(2, 8, 100, 64);
  CHECK(t.dims == Dims{2, 8, 100, 64});
  CHECK(t.strides == Dims{100 * 8 * 64, 64, 8 * 64, 1});
  CHECK(cuda::transposed(t).dims == Dims{2, 8, 64, 100});
  CHECK(cuda::transposed(t).strides == Dims{100 * 8 * 64, 64, 1, 8 * 64});
  CHECK(cuda::packed_strides({2, 3, 4, 5}) == Dims{60, 20, 5, 1});
}

TEST_CASE("the graphs compute attention and its gradient") {
  check_both_passes({.batch = 2,
                     .heads = 3,
                     .kv_heads = 3,
                     .q_len = 4,
                     .kv_len = 6,
                     .head_dim = 8,
                     .dtype = cost::DType::bf16});
}

TEST_CASE("shared key and value heads collect the gradients of their group") {
  check_both_passes({.batch = 2,
                     .heads = 6,
                     .kv_heads = 2,
                     .q_len = 4,
                     .kv_len = 3,
                     .head_dim = 8,
                     .dtype = cost::DType::fp16});
}

TEST_CASE("the causal mask ends each query at its own key, with earlier keys in front too") {
  check_both_passes({.batch = 1,
                     .heads = 2,
                     .kv_heads = 2,
                     .q_len = 5,
                     .kv_len = 5,
                     .head_dim = 8,
                     .causal = true,
                     .dtype = cost::DType::bf16});
  check_both_passes({.batch = 1,
                     .heads = 2,
                     .kv_heads = 1,
                     .q_len = 3,
                     .kv_len = 7,
                     .head_dim = 8,
                     .causal = true,
                     .dtype = cost::DType::bf16});
}

TEST_CASE("scratch tensors are counted, passing ones are not") {
  const cost::Attention op{.batch = 1,
                           .heads = 2,
                           .kv_heads = 2,
                           .q_len = 5,
                           .kv_len = 5,
                           .head_dim = 8,
                           .pass = cost::Pass::backward,
                           .dtype = cost::DType::bf16};
  CHECK(cuda::sdpa_graph(op).scratch_bytes() == 512);  // 5 * 2 * 8 fp32 numbers, in units of 256
}

TEST_CASE(
    "a gradient whose sums alone leave no room for an engine does not fit, and needs no cuDNN to say so") {
  const cost::Attention op{.batch = 2,
                           .heads = 4,
                           .kv_heads = 4,
                           .q_len = 128,
                           .kv_len = 128,
                           .head_dim = 64,
                           .pass = cost::Pass::backward,
                           .dtype = cost::DType::bf16};
  const CudnnGraph graph = cuda::sdpa_graph(op);
  CHECK(graph.scratch_bytes() >= 4 * 2 * 4 * 128 * 64);
  CHECK_THROWS_WITH(cuda::CudnnPlan(graph, {}, graph.scratch_bytes()),
                    Catch::Contains("bytes of scratch memory"));
  CHECK_THROWS_AS(cuda::CudnnPlan(graph, {}, 1), calibrate::DoesNotFit);
}
