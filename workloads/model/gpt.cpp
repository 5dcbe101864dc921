// Pre-norm transformer decoder (Radford et al. 2019): token and position embedding; per block causal
// multi-head attention and a GELU MLP of four times the width, each behind a layer norm and added to the
// residual stream; a final norm; logits by the transposed token table (tied embedding). Residual projections
// start smaller by 1/sqrt(2 layers), as in GPT-2.
//
// The tied table's gradient is written by the logits' weight-gradient GEMM at the start of backward; the
// embedding's backward accumulates into it at the very end, so this parameter is ready last.
#include <cmath>
#include <string>
#include <vector>

#include "sim/base/error.hpp"
#include "workloads/model/builder.hpp"
#include "workloads/model/layers.hpp"

namespace orrery::model {
namespace {

using cost::Elementwise;
using cost::ElementwiseKind;
using cost::Embedding;
using cost::Gemm;
using cost::Pass;
using cost::Softmax;
using cost::Transpose;

struct Dimensions {
  std::int64_t batch, context, width, heads, head_width;
  std::int64_t rows() const { return batch * context; }
  std::int64_t elements() const { return rows() * width; }
  std::int64_t scores() const { return batch * heads * context * context; }
};

/// Multi-head causal self-attention with its projections.
class Attention {
 public:
  Attention(GraphBuilder& b, const std::string& name, const Dimensions& d, double std, double residual_std)
      : name_(name),
        d_(d),
        query_(b, name + ".query", d.rows(), d.width, d.width, std),
        key_(b, name + ".key", d.rows(), d.width, d.width, std),
        value_(b, name + ".value", d.rows(), d.width, d.width, std),
        output_(b, name + ".output", d.rows(), d.width, d.width, residual_std) {}

  TensorId forward(GraphBuilder& b, TensorId x) {
    const TensorId q = query_.forward(b, x);
    const TensorId k = key_.forward(b, x);
    const TensorId v = value_.forward(b, x);
    q_ = split_heads(b, name_ + ".query", q, b.activation(name_ + ".query.heads", d_.elements()));
    k_ = split_heads(b, name_ + ".key", k, b.activation(name_ + ".key.heads", d_.elements()));
    v_ = split_heads(b, name_ + ".value", v, b.activation(name_ + ".value.heads", d_.elements()));
    const TensorId scores = b.activation(name_ + ".scores", d_.scores());
    b.node(name_ + ".scores", product(d_.context, d_.head_width, false, true), {q_, k_, scores});
    probabilities_ = b.activation(name_ + ".softmax", d_.scores());
    b.node(name_ + ".softmax", softmax(Pass::forward), {scores, probabilities_});
    const TensorId mixed = b.activation(name_ + ".mixed.heads", d_.elements());
    b.node(name_ + ".mix", product(d_.head_width, d_.context, false, false), {probabilities_, v_, mixed});
    mixed_ = merge_heads(b, name_ + ".mixed", mixed, b.activation(name_ + ".mixed", d_.elements()));
    return output_.forward(b, mixed_);
  }

  /// `x` is the input of forward; `dy` stays with the caller. Returns the gradient of x.
  TensorId backward(GraphBuilder& b, TensorId x, TensorId dy) const {
    const TensorId d_merged = output_.backward(b, mixed_, dy);
    const TensorId d_mixed = split_heads(b, name_ + ".mixed_gradient", d_merged, b.borrow(d_.elements()));
    b.give_back(d_merged);
    const TensorId d_probabilities = b.borrow(d_.scores());
    b.node(name_ + ".softmax_gradient", product(d_.context, d_.head_width, false, true),
           {d_mixed, v_, d_probabilities});
    const TensorId d_value = b.borrow(d_.elements());
    b.node(name_ + ".value_gradient", product(d_.head_width, d_.context, true, false),
           {probabilities_, d_mixed, d_value});
    b.give_back(d_mixed);
    const TensorId d_scores = b.borrow(d_.scores());
    b.node(name_ + ".softmax.backward", softmax(Pass::backward), {probabilities_, d_probabilities, d_scores});
    b.give_back(d_probabilities);
    const TensorId d_query = b.borrow(d_.elements());
    b.node(name_ + ".query_gradient", product(d_.head_width, d_.context, false, false),
           {d_scores, k_, d_query});
    const TensorId d_key = b.borrow(d_.elements());
    b.node(name_ + ".key_gradient", product(d_.head_width, d_.context, true, false), {d_scores, q_, d_key});
    b.give_back(d_scores);

    const TensorId from_value = through(b, value_, x, d_value);
    const TensorId from_key = through(b, key_, x, d_key);
    const TensorId from_query = through(b, query_, x, d_query);
    const TensorId sum =
        add_gradients(b, name_ + ".input_gradient.value_key", d_.rows(), d_.width, from_value, from_key);
    return add_gradients(b, name_ + ".input_gradient", d_.rows(), d_.width, sum, from_query);
  }

 private:
  /// One product per sample and head: m = context rows, `n` columns, inner length `k`.
  Gemm product(std::int64_t n, std::int64_t k, bool trans_a, bool trans_b) const {
    return {d_.context, n, k, d_.batch * d_.heads, trans_a, trans_b, false};
  }
  Softmax softmax(Pass pass) const {
    return {d_.batch * d_.heads * d_.context, d_.context, d_.head_width, true, pass};
  }
  TensorId split_heads(GraphBuilder& b, const std::string& name, TensorId x, TensorId y) const {
    b.node(name + ".split", Transpose{d_.batch, d_.context, d_.heads, d_.head_width}, {x, y});
    return y;
  }
  TensorId merge_heads(GraphBuilder& b, const std::string& name, TensorId x, TensorId y) const {
    b.node(name + ".merge", Transpose{d_.batch, d_.heads, d_.context, d_.head_width}, {x, y});
    return y;
  }
  /// Gradient of one projection, from split heads back to x. Gives `d_heads` back.
  TensorId through(GraphBuilder& b, const Linear& projection, TensorId x, TensorId d_heads) const {
    const TensorId merged = merge_heads(b, projection.name + "_gradient", d_heads, b.borrow(d_.elements()));
    b.give_back(d_heads);
    const TensorId dx = projection.backward(b, x, merged);
    b.give_back(merged);
    return dx;
  }

  std::string name_;
  Dimensions d_;
  Linear query_, key_, value_, output_;
  TensorId q_, k_, v_, probabilities_, mixed_;
};

class Block {
 public:
  Block(GraphBuilder& b, const std::string& name, const Dimensions& d, double std, double residual_std)
      : name_(name),
        d_(d),
        norm1_(b, name + ".norm1", d.rows(), d.width),
        attention_(b, name + ".attention", d, std, residual_std),
        norm2_(b, name + ".norm2", d.rows(), d.width),
        fc1_(b, name + ".mlp.fc1", d.rows(), d.width, 4 * d.width, std),
        fc2_(b, name + ".mlp.fc2", d.rows(), 4 * d.width, d.width, residual_std) {}

  TensorId forward(GraphBuilder& b, TensorId x) {
    x_ = x;
    normed1_ = norm1_.forward(b, x);
    const TensorId attended = attention_.forward(b, normed1_);
    middle_ = add_activations(b, name_ + ".attention.residual", d_.rows(), d_.width, x, attended);
    normed2_ = norm2_.forward(b, middle_);
    hidden_ = fc1_.forward(b, normed2_);
    gelu_ = b.activation(name_ + ".mlp.gelu", d_.rows() * 4 * d_.width);
    b.node(name_ + ".mlp.gelu", Elementwise{ElementwiseKind::gelu_forward, d_.rows(), 4 * d_.width},
           {hidden_, gelu_});
    const TensorId projected = fc2_.forward(b, gelu_);
    return add_activations(b, name_ + ".mlp.residual", d_.rows(), d_.width, middle_, projected);
  }

  /// Takes over `dy` and returns the gradient of the block's input.
  TensorId backward(GraphBuilder& b, TensorId dy) const {
    const TensorId d_gelu = fc2_.backward(b, gelu_, dy);
    const TensorId d_hidden = b.borrow(d_.rows() * 4 * d_.width);
    b.node(name_ + ".mlp.gelu_backward", Elementwise{ElementwiseKind::gelu_backward, d_.rows(), 4 * d_.width},
           {hidden_, d_gelu, d_hidden});
    b.give_back(d_gelu);
    const TensorId d_normed2 = fc1_.backward(b, normed2_, d_hidden);
    b.give_back(d_hidden);
    const TensorId through_mlp = norm2_.backward(b, middle_, d_normed2);
    b.give_back(d_normed2);
    const TensorId d_middle =
        add_gradients(b, name_ + ".mlp.residual_gradient", d_.rows(), d_.width, dy, through_mlp);
    const TensorId d_normed1 = attention_.backward(b, normed1_, d_middle);
    const TensorId through_attention = norm1_.backward(b, x_, d_normed1);
    b.give_back(d_normed1);
    return add_gradients(b, name_ + ".attention.residual_gradient", d_.rows(), d_.width, d_middle,
                         through_attention);
  }

 private:
  std::string name_;
  Dimensions d_;
  Norm norm1_;
  Attention attention_;
  Norm norm2_;
  Linear fc1_, fc2_;
  TensorId x_, normed1_, middle_, normed2_, hidden_, gelu_;
};

class Gpt : public ModelBuilder {
 public:
  ModelGraph build(const ModelConfig& any, const BuildRequest& request) const override {
    const auto& c = std::get<GptConfig>(any);
    check(c);
    const Dimensions d{request.batch, c.context, c.width, c.heads, c.width / c.heads};
    const double std = 0.02;
    const double residual_std = std / std::sqrt(2.0 * static_cast<double>(c.layers));

    GraphBuilder b("gpt " + std::to_string(c.layers) + "x" + std::to_string(c.width), request);
    b.inputs = b.input("tokens", d.rows(), cost::DType::int32);
    b.labels = b.input("labels", d.rows(), cost::DType::int32);
    const Weight table = b.parameter("embedding.table", c.vocab * c.width, Init::normal, std);
    const Weight positions = b.parameter("embedding.positions", c.context * c.width, Init::normal, std);
    std::vector<Block> blocks;
    for (std::int64_t i = 0; i < c.layers; ++i) {
      blocks.emplace_back(b, "block" + std::to_string(i), d, std, residual_std);
    }
    Norm final_norm(b, "final_norm", d.rows(), d.width);

    TensorId x = b.activation("embedding", d.elements());
    b.node("embedding", Embedding{d.rows(), c.width, c.vocab, Pass::forward}, {b.inputs, table.value, x});
    b.node("embedding.positions", Elementwise{ElementwiseKind::bias, d.batch, c.context * c.width},
           {x, positions.value});
    for (Block& block : blocks) x = block.forward(b, x);
    const TensorId normed = final_norm.forward(b, x);
    b.logits = b.activation("logits", d.rows() * c.vocab);
    b.node("logits", Gemm{.m = d.rows(), .n = c.vocab, .k = c.width, .trans_b = true},
           {normed, table.value, b.logits});
    const TensorId dlogits = b.borrow(d.rows() * c.vocab);
    b.node("loss", cost::CrossEntropy{d.rows(), c.vocab}, {b.logits, b.labels, dlogits, b.scalar_loss()});

    b.enter(Phase::backward);
    b.node("logits.weight_gradient", Gemm{.m = c.vocab, .n = c.width, .k = d.rows(), .trans_a = true},
           {dlogits, normed, table.gradient});
    const TensorId d_normed = b.borrow(d.elements());
    b.node("logits.input_gradient", Gemm{.m = d.rows(), .n = c.width, .k = c.vocab},
           {dlogits, table.value, d_normed});
    b.give_back(dlogits);
    TensorId dx = final_norm.backward(b, x, d_normed);
    b.give_back(d_normed);
    for (std::size_t i = blocks.size(); i-- > 0;) dx = blocks[i].backward(b, dx);
    b.node("embedding.positions_gradient",
           Elementwise{ElementwiseKind::bias_gradient, d.batch, c.context * c.width},
           {dx, positions.gradient});
    b.node("embedding.backward", Embedding{d.rows(), c.width, c.vocab, Pass::backward},
           {b.inputs, dx, table.gradient});
    return b.finish();
  }

 private:
  static void check(const GptConfig& c) {
    if (c.heads >= 1 && c.width % c.heads == 0) return;
    std::string divisors;
    for (std::int64_t h = 1; h <= c.width; ++h) {
      if (c.width % h == 0) divisors += (divisors.empty() ? "" : ", ") + std::to_string(h);
    }
    throw ScenarioError("$.model.heads", std::to_string(c.heads) + " does not divide width " +
                                             std::to_string(c.width) + "; use one of " + divisors);
  }
};

const bool registered = model_builders().add<Gpt>("gpt", std::string(GptConfig::kind_help));

}  // namespace
}  // namespace orrery::model
