#include "calibrate/backends/cuda/sdpa_graph.hpp"

#include <cmath>
#include <limits>

#include "sim/base/error.hpp"

namespace orrery::cuda {
namespace {

using Kind = GraphTensor::Kind;

/// Writes a graph node by node; each function returns the tensor that its node makes.
class Writer {
 public:
  explicit Writer(const cost::Attention& op)
      : op_(op),
        half_(op.dtype == cost::DType::fp16 ? CUDNN_DATA_HALF : CUDNN_DATA_BFLOAT16),
        scores_{op.batch, op.heads, op.q_len, op.kv_len},
        rows_{op.batch, op.heads, op.q_len, 1} {}

  int operand(const char* name, int number, const SdpaTensor& shape) {
    return graph.add({name, shape.dims, shape.strides, half_, Kind::operand, number});
  }
  /// One fp32 number for each row of the scores, in memory.
  int row_operand(const char* name, int number) {
    return graph.add({name, rows_, packed_strides(rows_), CUDNN_DATA_FLOAT, Kind::operand, number});
  }
  int scalar(const char* name, double value, cudnnDataType_t type = CUDNN_DATA_FLOAT) {
    GraphTensor t{.name = name, .type = type, .kind = Kind::scalar, .value = value};
    return graph.add(t);
  }
  int passing(const char* name, const Dims& dims, cudnnDataType_t type = CUDNN_DATA_FLOAT) {
    return graph.add({name, dims, packed_strides(dims), type, Kind::passing});
  }

  int matmul(int a, int b, int y) {
    graph.nodes.push_back({.kind = GraphNode::Kind::matmul, .x = a, .b = b, .y = y});
    return y;
  }
  int point(cudnnPointwiseMode_t mode, int x, int b, int y, cudnnDataType_t math = CUDNN_DATA_FLOAT) {
    graph.nodes.push_back({.x = x, .b = b, .y = y, .pointwise = mode, .math = math});
    return y;
  }
  int reduce(cudnnReduceTensorOp_t how, int x, int y) {
    graph.nodes.push_back({.kind = GraphNode::Kind::reduction, .x = x, .y = y, .reduction = how});
    return y;
  }

  /// The same numbers seen as another tensor.
  int reshape(int x, GraphTensor view) {
    const int y = graph.add(std::move(view));
    graph.nodes.push_back({.kind = GraphNode::Kind::reshape, .x = x, .y = y});
    return y;
  }

  int scaled_scores(int q, int k_transposed, int scale);
  int masked(int scores);

  CudnnGraph graph;
  cost::Attention op_;
  cudnnDataType_t half_;
  Dims scores_, rows_;
};

int Writer::scaled_scores(int q, int k_transposed, int scale) {
  const int raw = matmul(q, k_transposed, passing("scores", scores_));
  return masked(point(CUDNN_POINTWISE_MUL, raw, scale, passing("scaled", scores_)));
}

/// Query i sees key j when i + kv_len - q_len >= j: the others get minus infinity.
int Writer::masked(int scores) {
  if (!op_.causal) return scores;
  const auto index = [&](const char* name, std::int64_t axis) {
    const int y = passing(name, scores_, CUDNN_DATA_INT32);
    graph.nodes.push_back({.x = scores,
                           .y = y,
                           .pointwise = CUDNN_POINTWISE_GEN_INDEX,
                           .math = CUDNN_DATA_INT32,
                           .axis = axis});
    return y;
  };
  int row = index("row", 2);
  if (op_.kv_len != op_.q_len) {
    const int more = scalar("kv_len", static_cast<double>(op_.kv_len), CUDNN_DATA_INT32);
    row =
        point(CUDNN_POINTWISE_ADD, row, more, passing("row_kv", scores_, CUDNN_DATA_INT32), CUDNN_DATA_INT32);
    const int less = scalar("q_len", static_cast<double>(op_.q_len), CUDNN_DATA_INT32);
    row = point(CUDNN_POINTWISE_SUB, row, less, passing("row_kv_q", scores_, CUDNN_DATA_INT32),
                CUDNN_DATA_INT32);
  }
  const int column = index("column", 3);
  const int seen = point(CUDNN_POINTWISE_CMP_GE, row, column, passing("seen", scores_, CUDNN_DATA_BOOLEAN),
                         CUDNN_DATA_BOOLEAN);
  const int never = scalar("minus_infinity", -std::numeric_limits<float>::infinity());
  const int y = passing("masked", scores_);
  graph.nodes.push_back(
      {.x = scores, .b = never, .t = seen, .y = y, .pointwise = CUDNN_POINTWISE_BINARY_SELECT});
  return y;
}

double scale_of(const cost::Attention& op) {
  return 1.0 / std::sqrt(static_cast<double>(op.head_dim));
}

CudnnGraph forward(const cost::Attention& op) {
  Writer w(op);
  const SdpaTensor query = sdpa_tensor(op.batch, op.heads, op.q_len, op.head_dim);
  const SdpaTensor key = sdpa_tensor(op.batch, op.kv_heads, op.kv_len, op.head_dim);
  const int q = w.operand("q", 0, query), k = w.operand("k", 1, transposed(key)), v = w.operand("v", 2, key);
  const int o = w.operand("o", 3, query), stats = w.row_operand("stats", 4);
  const int s = w.scaled_scores(q, k, w.scalar("scale", scale_of(op)));
  const int top = w.reduce(CUDNN_REDUCE_TENSOR_MAX, s, w.passing("max", w.rows_));
  const int below = w.point(CUDNN_POINTWISE_SUB, s, top, w.passing("below", w.scores_));
  const int weight = w.point(CUDNN_POINTWISE_EXP, below, -1, w.passing("weight", w.scores_));
  const int sum = w.reduce(CUDNN_REDUCE_TENSOR_ADD, weight, w.passing("sum", w.rows_));
  const int log = w.point(CUDNN_POINTWISE_LOG, sum, -1, w.passing("log", w.rows_));
  w.point(CUDNN_POINTWISE_ADD, top, log, stats);
  const int p = w.point(CUDNN_POINTWISE_DIV, weight, sum, w.passing("p", w.scores_, w.half_));
  w.matmul(p, v, o);
  return w.graph;
}

/// Gradients of keys or values by the matmul a^T b; of shared heads the sum over each group of query heads.
void head_gradient(Writer& w, int a, int b, int gradient) {
  const Dims turned{w.scores_[0], w.scores_[1], w.scores_[3], w.scores_[2]};
  GraphTensor view{"turned", turned, {}, w.half_};
  const Dims flat = packed_strides(w.scores_);
  view.strides = {flat[0], flat[1], flat[3], flat[2]};
  const int t = w.reshape(a, view);
  if (w.op_.heads == w.op_.kv_heads) {
    w.matmul(t, b, gradient);
    return;
  }
  const Dims every{w.op_.batch, w.op_.heads, w.op_.kv_len, w.op_.head_dim};
  w.reduce(CUDNN_REDUCE_TENSOR_ADD, w.matmul(t, b, w.passing("every_head", every, w.half_)), gradient);
}

// cuDNN recognises the backward pass by its shape, as tried with 9.19 for sm_80, sm_90 and sm_100: without
// the multiplication of the rows' sums (by one: there is no dropout) it stores the whole matrix of scores,
// and without dq's sum in memory it takes the kernels of sm_80 on sm_90 as well.
CudnnGraph backward(const cost::Attention& op) {
  Writer w(op);
  const SdpaTensor query = sdpa_tensor(op.batch, op.heads, op.q_len, op.head_dim);
  const SdpaTensor key = sdpa_tensor(op.batch, op.kv_heads, op.kv_len, op.head_dim);
  const int q = w.operand("q", 0, query), k_turned = w.operand("k", 1, transposed(key));
  const int v_turned = w.operand("v", 2, transposed(key));
  const int o = w.operand("o", 3, query), stats = w.row_operand("stats", 4), d_o = w.operand("do", 5, query);
  const int dq = w.operand("dq", 6, query), dk = w.operand("dk", 7, key), dv = w.operand("dv", 8, key);
  const int k = w.reshape(k_turned, {"k_again", key.dims, key.strides, w.half_});
  const int scale = w.scalar("scale", scale_of(op)), one = w.scalar("one", 1.0);

  // each row's sum of o * do
  const int product = w.point(CUDNN_POINTWISE_MUL, d_o, o, w.passing("o_do", query.dims));
  const int sum = w.reduce(CUDNN_REDUCE_TENSOR_ADD, product, w.passing("sum", w.rows_));
  const int dot = w.point(CUDNN_POINTWISE_MUL, sum, one, w.passing("dot", w.rows_));
  // the probabilities again, and dv = p^T do
  const int s = w.scaled_scores(q, k_turned, scale);
  const int below = w.point(CUDNN_POINTWISE_SUB, s, stats, w.passing("below", w.scores_));
  const int p = w.point(CUDNN_POINTWISE_EXP, below, -1, w.passing("p", w.scores_, w.half_));
  head_gradient(w, p, d_o, dv);
  // ds = p * (do v^T - dot) * scale
  const int dp = w.matmul(d_o, v_turned, w.passing("dp", w.scores_));
  const int centred = w.point(CUDNN_POINTWISE_SUB, dp, dot, w.passing("centred", w.scores_));
  const int weighted = w.point(CUDNN_POINTWISE_MUL, centred, p, w.passing("weighted", w.scores_));
  const int ds = w.point(CUDNN_POINTWISE_MUL, weighted, scale, w.passing("ds", w.scores_, w.half_));
  const int dq_sum =
      w.graph.add({"dq_sum", query.dims, packed_strides(query.dims), CUDNN_DATA_FLOAT, Kind::scratch});
  w.point(CUDNN_POINTWISE_IDENTITY, w.matmul(ds, k, dq_sum), -1, dq);
  head_gradient(w, ds, q, dk);
  return w.graph;
}

}  // namespace

SdpaTensor sdpa_tensor(std::int64_t batch, std::int64_t heads, std::int64_t length, std::int64_t head_dim) {
  return {{batch, heads, length, head_dim}, {length * heads * head_dim, head_dim, heads * head_dim, 1}};
}

SdpaTensor transposed(const SdpaTensor& t) {
  return {{t.dims[0], t.dims[1], t.dims[3], t.dims[2]},
          {t.strides[0], t.strides[1], t.strides[3], t.strides[2]}};
}

CudnnGraph sdpa_graph(const cost::Attention& op) {
  SIM_ASSERT(op.dtype == cost::DType::fp16 || op.dtype == cost::DType::bf16,
             "cuDNN's attention is fp16 or bf16");
  SIM_ASSERT(!op.causal || op.kv_len >= op.q_len, "rows without keys have no softmax in cuDNN");
  return op.pass == cost::Pass::forward ? forward(op) : backward(op);
}

CudnnGraph unified_sdpa_graph(const cost::Attention& op) {
  SIM_ASSERT(op.pass == cost::Pass::forward && !op.causal,
             "the unified operation is forward and has no mask");
  Writer w(op);
  const SdpaTensor query = sdpa_tensor(op.batch, op.heads, op.q_len, op.head_dim);
  const SdpaTensor key = sdpa_tensor(op.batch, op.kv_heads, op.kv_len, op.head_dim);
  const int q = w.operand("q", 0, query), k = w.operand("k", 1, key), v = w.operand("v", 2, key);
  const int o = w.operand("o", 3, query), stats = w.row_operand("stats", 4);
  const int scale = w.scalar("scale", scale_of(op));
  w.graph.attention = {true, q, k, v, o, stats, scale};
  return w.graph;
}

}  // namespace orrery::cuda
