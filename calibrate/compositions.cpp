#include "calibrate/compositions.hpp"

#include <initializer_list>

#include "sim/base/error.hpp"

namespace orrery::calibrate {
namespace {

using cost::DType, cost::Pass;
using Id = std::size_t;

/// Adds steps and checks that tensors fit their operands.
class Builder {
 public:
  Builder(std::string name, DType dtype) : dtype_(dtype) { result_.name = std::move(name); }

  Id tensor(std::int64_t elements) { return tensor(elements, dtype_); }
  Id single(std::int64_t elements) { return tensor(elements, DType::fp32); }
  Id whole(std::int64_t elements) { return tensor(elements, DType::int32); }

  void step(const cost::Op& op, std::initializer_list<Id> operands, int lane = 0) {
    const std::vector<cost::Operand> expected = cost::operands(op);
    SIM_ASSERT(expected.size() == operands.size(), "a step of a composition has one tensor per operand");
    std::size_t i = 0;
    for (const Id id : operands) {
      const CompositionTensor& t = result_.tensors[id];
      SIM_ASSERT(t.elements == expected[i].elements && t.dtype == expected[i].dtype,
                 "tensor of a composition: " + cost::class_name(op) + " " + expected[i].role);
      ++i;
    }
    result_.steps.push_back({op, operands, lane});
  }

  Composition take() { return std::move(result_); }

 private:
  Id tensor(std::int64_t elements, DType dtype) {
    result_.tensors.push_back({elements, dtype});
    return result_.tensors.size() - 1;
  }

  DType dtype_;
  Composition result_;
};

cost::Op pass_of(cost::ElementwiseKind kind, std::int64_t rows, std::int64_t cols, DType dtype) {
  return cost::Elementwise{kind, rows, cols, dtype};
}

/// y[m, n] = x[m, k] w[n, k]^T (+ bias): weights as frameworks store them.
struct Linear {
  std::int64_t m, n, k;
  DType dtype;
  cost::Op forward(bool bias) const {
    return cost::Gemm{.m = m, .n = n, .k = k, .trans_b = true, .bias = bias, .dtype = dtype};
  }
  cost::Op input_gradient(bool accumulate = false) const {
    return cost::Gemm{.m = m, .n = k, .k = n, .accumulate = accumulate, .dtype = dtype};
  }
  cost::Op weight_gradient() const {
    return cost::Gemm{.m = n, .n = k, .k = m, .trans_a = true, .dtype = dtype};
  }
};

/// "block_forward 2x2048 d2048 h16 bf16": sequences x length, width, heads.
std::string block_name(const char* part, const BlockShape& s) {
  return std::string("block_") + part + " " + std::to_string(s.sequences) + "x" + std::to_string(s.length) +
         " d" + std::to_string(s.width) + " h" + std::to_string(s.heads) + " " + cost::name(s.dtype);
}

/// The operators of one block, shared by its passes.
struct Block {
  explicit Block(const BlockShape& s)
      : rows(s.sequences * s.length),
        width(s.width),
        square{rows, width, width, s.dtype},
        widen{rows, 4 * width, width, s.dtype},
        narrow{rows, width, 4 * width, s.dtype},
        dtype(s.dtype) {
    attention = {.batch = s.sequences,
                 .heads = s.heads,
                 .kv_heads = s.heads,
                 .q_len = s.length,
                 .kv_len = s.length,
                 .head_dim = s.width / s.heads,
                 .causal = true,
                 .dtype = s.dtype};
  }
  std::int64_t statistics() const { return attention.batch * attention.heads * attention.q_len; }
  cost::Op norm(Pass pass) const { return cost::LayerNorm{rows, width, pass, dtype}; }

  std::int64_t rows, width;
  Linear square, widen, narrow;
  cost::Attention attention;
  DType dtype;
};

/// Backward of one linear layer: gradients of bias and weights, then of the input.
void linear_backward(Builder& b, const Linear& layer, Id dy, Id x, Id weight, Id dx,
                     bool accumulate = false) {
  b.step(pass_of(cost::ElementwiseKind::bias_gradient, layer.m, layer.n, layer.dtype),
         {dy, b.single(layer.n)});
  b.step(layer.weight_gradient(), {dy, x, b.tensor(layer.n * layer.k)});
  b.step(layer.input_gradient(accumulate), {dy, weight, dx});
}

}  // namespace

Composition block_forward(const BlockShape& shape) {
  const Block k(shape);
  const std::int64_t size = k.rows * k.width, wide = 4 * size;
  Builder b(block_name("forward", shape), shape.dtype);
  const auto linear = [&](const Linear& layer, Id x, Id y) {
    b.step(layer.forward(true), {x, b.tensor(layer.n * layer.k), y, b.tensor(layer.n)});
    return y;
  };
  const auto normed = [&](Id x) {
    const Id y = b.tensor(size);
    b.step(k.norm(Pass::forward),
           {x, b.tensor(k.width), b.tensor(k.width), y, b.single(k.rows), b.single(k.rows)});
    return y;
  };
  const Id x = b.tensor(size), first = normed(x);
  const Id q = linear(k.square, first, b.tensor(size));
  const Id key = linear(k.square, first, b.tensor(size));
  const Id value = linear(k.square, first, b.tensor(size));
  const Id mixed = b.tensor(size);
  b.step(k.attention, {q, key, value, mixed, b.single(k.statistics())});
  const Id projected = linear(k.square, mixed, b.tensor(size)), middle = b.tensor(size);
  b.step(pass_of(cost::ElementwiseKind::add, k.rows, k.width, k.dtype), {x, projected, middle});
  const Id hidden = linear(k.widen, normed(middle), b.tensor(wide)), active = b.tensor(wide);
  b.step(pass_of(cost::ElementwiseKind::gelu_forward, k.rows, 4 * k.width, k.dtype), {hidden, active});
  const Id out = linear(k.narrow, active, b.tensor(size));
  b.step(pass_of(cost::ElementwiseKind::add, k.rows, k.width, k.dtype), {middle, out, b.tensor(size)});
  return b.take();
}

Composition block_backward(const BlockShape& shape) {
  const Block k(shape);
  const std::int64_t size = k.rows * k.width, wide = 4 * size, weights = k.width * k.width;
  Builder b(block_name("backward", shape), shape.dtype);
  const auto norm_backward = [&](Id dy) {
    const Id dx = b.tensor(size);
    b.step(k.norm(Pass::backward), {b.tensor(size), b.tensor(k.width), b.single(k.rows), b.single(k.rows), dy,
                                    dx, b.single(k.width), b.single(k.width)});
    return dx;
  };
  const auto add = [&](Id a, Id c) {
    const Id sum = b.tensor(size);
    b.step(pass_of(cost::ElementwiseKind::add, k.rows, k.width, k.dtype), {a, c, sum});
    return sum;
  };
  const Id dy = b.tensor(size), d_active = b.tensor(wide), d_hidden = b.tensor(wide),
           d_second = b.tensor(size);
  linear_backward(b, k.narrow, dy, b.tensor(wide), b.tensor(4 * weights), d_active);
  b.step(pass_of(cost::ElementwiseKind::gelu_backward, k.rows, 4 * k.width, k.dtype),
         {b.tensor(wide), d_active, d_hidden});
  linear_backward(b, k.widen, d_hidden, b.tensor(size), b.tensor(4 * weights), d_second);
  const Id d_middle = add(dy, norm_backward(d_second));
  const Id mixed = b.tensor(size), d_mixed = b.tensor(size);
  linear_backward(b, k.square, d_middle, mixed, b.tensor(weights), d_mixed);
  cost::Attention backward = k.attention;
  backward.pass = Pass::backward;
  const Id dq = b.tensor(size), dk = b.tensor(size), dv = b.tensor(size);
  b.step(backward, {b.tensor(size), b.tensor(size), b.tensor(size), mixed, b.single(k.statistics()), d_mixed,
                    dq, dk, dv});
  const Id first = b.tensor(size), d_first = b.tensor(size);
  linear_backward(b, k.square, dq, first, b.tensor(weights), d_first);
  linear_backward(b, k.square, dk, first, b.tensor(weights), d_first, true);
  linear_backward(b, k.square, dv, first, b.tensor(weights), d_first, true);
  add(d_middle, norm_backward(d_first));
  return b.take();
}

Composition block_update(const BlockShape& shape) {
  const std::int64_t params = 12 * shape.width * shape.width + 13 * shape.width;
  Builder b(block_name("update", shape), shape.dtype);
  const cost::OptimizerStep step{cost::OptimizerKind::adam, params, shape.dtype};
  const Id w = b.single(params), g = b.tensor(params), m = b.single(params), v = b.single(params);
  if (shape.dtype == DType::fp32) {
    b.step(step, {w, g, m, v});
  } else {
    b.step(step, {w, g, m, v, b.tensor(params)});
  }
  return b.take();
}

Composition decode_step(const DecodeShape& s) {
  const std::int64_t head = s.width / s.heads, size = s.sequences * s.width;
  const std::int64_t key_width = s.kv_heads * head;
  Builder b("decode_step " + std::to_string(s.sequences) + "x" + std::to_string(s.context) + " d" +
                std::to_string(s.width) + " L" + std::to_string(s.layers) + " " + cost::name(s.dtype),
            s.dtype);
  const cost::AttentionDecode attention{.sequences = s.sequences,
                                        .heads = s.heads,
                                        .kv_heads = s.kv_heads,
                                        .context = s.context,
                                        .head_dim = head,
                                        .dtype = s.dtype};
  const std::int64_t cache = s.sequences * attention.pages() * attention.block * key_width;
  const auto linear = [&](Id x, std::int64_t n, std::int64_t k) {
    const Id y = b.tensor(s.sequences * n);
    b.step(Linear{s.sequences, n, k, s.dtype}.forward(false), {x, b.tensor(n * k), y});
    return y;
  };
  const auto normed = [&](Id x) {
    const Id y = b.tensor(size);
    b.step(cost::RmsNorm{s.sequences, s.width, Pass::forward, s.dtype},
           {x, b.tensor(s.width), y, b.single(s.sequences)});
    return y;
  };
  const auto add = [&](Id a, Id c) {
    const Id sum = b.tensor(size);
    b.step(pass_of(cost::ElementwiseKind::add, s.sequences, s.width, s.dtype), {a, c, sum});
    return sum;
  };
  const Id positions = b.whole(s.sequences), table = b.whole(s.sequences * attention.pages());
  const Id lengths = b.whole(s.sequences);
  Id x = b.tensor(size);
  for (std::int64_t layer = 0; layer < s.layers; ++layer) {
    const Id first = normed(x), q = linear(first, s.width, s.width), key = linear(first, key_width, s.width);
    linear(first, key_width, s.width);  // the value, written to the cache
    b.step(cost::Rotary{s.sequences, s.heads, head, Pass::forward, s.dtype}, {q, positions});
    b.step(cost::Rotary{s.sequences, s.kv_heads, head, Pass::forward, s.dtype}, {key, positions});
    const Id mixed = b.tensor(size);
    b.step(attention, {q, b.tensor(cache), b.tensor(cache), table, lengths, mixed});
    const Id middle = add(x, linear(mixed, s.width, s.width)), second = normed(middle);
    const Id gate = linear(second, s.hidden, s.width), up = linear(second, s.hidden, s.width);
    const Id active = b.tensor(s.sequences * s.hidden);
    b.step(pass_of(cost::ElementwiseKind::swiglu_forward, s.sequences, s.hidden, s.dtype),
           {gate, up, active});
    x = add(middle, linear(active, s.width, s.hidden));
  }
  linear(normed(x), s.vocab, s.width);
  return b.take();
}

Composition product_beside_copy(std::int64_t size, int products, const cost::Copy& copy, DType dtype) {
  Builder b("product_beside_" + cost::class_name(copy) + " " + std::to_string(products) + "x" +
                std::to_string(size) + " " + std::to_string(copy.elements * 4 >> 20) + "MiB " +
                cost::name(dtype),
            dtype);
  const Linear layer{size, size, size, dtype};
  const Id x = b.tensor(size * size), w = b.tensor(size * size), y = b.tensor(size * size);
  for (int i = 0; i < products; ++i) b.step(layer.forward(false), {x, w, y});
  b.step(copy, {b.single(copy.elements), b.single(copy.elements)}, 1);
  return b.take();
}

std::vector<Composition> measured_compositions(SweepTarget target) {
  std::vector<Composition> all;
  const auto with_graph = [&all](Composition composition) {
    all.push_back(composition);
    composition.name += " graph";
    composition.as_graph = true;
    all.push_back(std::move(composition));
  };
  if (target == SweepTarget::cpu) {
    const BlockShape block{.sequences = 2, .length = 32, .width = 64, .heads = 4};
    return {block_forward(block), block_backward(block), block_update(block), decode_step({})};
  }
  for (const BlockShape& block :
       {BlockShape{2, 2048, 2048, 16, DType::bf16}, BlockShape{4, 2048, 4096, 32, DType::bf16},
        BlockShape{1, 512, 1024, 16, DType::bf16}}) {
    with_graph(block_forward(block));
    with_graph(block_backward(block));
    all.push_back(block_update(block));
  }
  for (const std::int64_t sequences : {1, 16, 128}) {
    with_graph(decode_step({.sequences = sequences,
                            .context = 2048,
                            .width = 4096,
                            .heads = 32,
                            .kv_heads = 8,
                            .hidden = 14336,
                            .vocab = 32000,
                            .layers = 4,
                            .dtype = DType::bf16}));
  }
  for (const cost::CopyKind kind : {cost::CopyKind::h2d, cost::CopyKind::d2h, cost::CopyKind::device}) {
    const std::int64_t elements = kind == cost::CopyKind::device ? 1 << 27 : 1 << 24;
    all.push_back(product_beside_copy(8192, 2, {.elements = elements, .kind = kind}, DType::bf16));
  }
  return all;
}

}  // namespace orrery::calibrate
