#include "workloads/learn/classifier.hpp"

#include <algorithm>
#include <cmath>

#include "sim/base/error.hpp"

namespace orrery::learn {
namespace {

using Eigen::Index;
using Matrix = Eigen::MatrixXf;
using ConstBlock = Eigen::Ref<const Matrix>;

constexpr Index kScored = 256;  // columns per product when a data set is scored
constexpr Index kPacket = 16;   // floats of the widest vector register

struct Layer {
  Index inputs, outputs;
  Index weights, biases;  // where they start among the parameters
};

class Classifier final : public Objective {
 public:
  Classifier(const Dataset& data, const ClassifierConfig& config)
      : data_(data), l2_(static_cast<float>(config.l2)) {
    Index inputs = data.train.features.rows();
    const auto add = [&](Index outputs) {
      layers_.push_back({inputs, outputs, parameters_, parameters_ + inputs * outputs});
      parameters_ += (inputs + 1) * outputs;
      inputs = outputs;
    };
    for (const std::int64_t width : config.hidden) add(width);
    add(data.classes);
    values_.resize(layers_.size());
    slopes_.resize(layers_.size());
  }

  std::int64_t parameters() const override { return parameters_; }
  std::int64_t samples() const override { return data_.train.count(); }

  void initial(RngStream draws, Vector& out) const override {
    out.setZero(parameters_);
    if (layers_.size() == 1) return;
    for (const Layer& layer : layers_) {
      const double deviation = std::sqrt(2.0 / static_cast<double>(layer.inputs));
      for (Index i = layer.weights; i < layer.biases; ++i) out[i] = static_cast<float>(draws.normal(0.0, deviation));
    }
  }

  double gradient(const Vector& at, std::int64_t batch, RngStream& draws, Vector& out) override {
    SIM_ASSERT(batch >= 1, "a mini-batch has samples");
    SIM_ASSERT(at.size() == parameters_, "parameters of another problem");
    reserve(batch);
    if (batch > inputs_.cols()) inputs_.resize(data_.train.features.rows(), batch);
    labels_.resize(static_cast<std::size_t>(batch));
    for (Index j = 0; j < batch; ++j) {
      const auto sample = static_cast<Index>(draws.below(static_cast<std::uint64_t>(data_.train.count())));
      inputs_.col(j) = data_.train.features.col(sample);
      labels_[static_cast<std::size_t>(j)] = data_.train.labels[static_cast<std::size_t>(sample)];
    }
    forward(at, inputs_.leftCols(batch));
    const double loss = cross_entropy(labels_.data(), batch) / static_cast<double>(batch);
    backward(at, batch, out);
    return loss + penalty(at);
  }

  double train_loss(const Vector& at, std::int64_t limit) override {
    return score(at, data_.train, limit).loss + penalty(at);
  }
  std::optional<Score> test(const Vector& at, std::int64_t limit) override {
    if (data_.test.count() == 0) return std::nullopt;
    return score(at, data_.test, limit);
  }

 private:
  void reserve(Index columns) {
    if (columns <= capacity_) return;
    capacity_ = columns;
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      // The rest is for exponentials of whole packets.
      values_[l].setZero(layers_[l].outputs, columns + kPacket);
      if (l + 1 < layers_.size()) slopes_[l].setZero(layers_[l].outputs, columns);
    }
  }

  static Eigen::Map<const Matrix> weights(const Vector& at, const Layer& layer) {
    return {at.data() + layer.weights, layer.inputs, layer.outputs};
  }

  /// Fills values_: outputs of each layer, ReLU applied to all but the last.
  void forward(const Vector& at, const ConstBlock& inputs) {
    const Index n = inputs.cols();
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      const Layer& layer = layers_[l];
      auto out = values_[l].leftCols(n);
      if (l == 0) {
        out.noalias() = weights(at, layer).transpose() * inputs;
      } else {
        out.noalias() = weights(at, layer).transpose() * values_[l - 1].leftCols(n);
      }
      out.colwise() += at.segment(layer.biases, layer.outputs);
      if (l + 1 < layers_.size()) out = out.cwiseMax(0.0F);
    }
  }

  /// Sum over samples of log(sum_k exp z_k) - z_label; turns the scores z into probabilities.
  double cross_entropy(const std::int32_t* labels, Index n) {
    Matrix& z = values_.back();
    double loss = 0.0;
    for (Index j = 0; j < n; ++j) {
      z.col(j).array() -= z.col(j).maxCoeff();
      loss -= static_cast<double>(z(labels[j], j));
    }
    // Whole packets only: the vector exponential is plain arithmetic, the one for single numbers is the C library's.
    const Index padded = (z.rows() * n + kPacket - 1) / kPacket * kPacket;
    Eigen::Map<Eigen::ArrayXf, Eigen::AlignedMax> all(z.data(), padded);
    all = all.exp();
    for (Index j = 0; j < n; ++j) {
      const float sum = z.col(j).sum();
      z.col(j) *= 1.0F / sum;
      loss += std::isfinite(sum) ? portable_log(static_cast<double>(sum)) : std::nan("");
    }
    return loss;
  }

  /// After cross_entropy: the mean gradient. With D the derivative by a layer's outputs and A its inputs, the weights'
  /// is A D^T, and the one by its inputs W D where ReLU let them through.
  void backward(const Vector& at, Index n, Vector& out) {
    out.resize(parameters_);
    auto last = values_.back().leftCols(n);
    for (Index j = 0; j < n; ++j) last(labels_[static_cast<std::size_t>(j)], j) -= 1.0F;
    last *= 1.0F / static_cast<float>(n);
    for (std::size_t l = layers_.size(); l-- > 0;) {
      const Layer& layer = layers_[l];
      const bool is_last = l + 1 == layers_.size();
      const auto slopes = (is_last ? values_[l] : slopes_[l]).leftCols(n);
      const auto inputs = (l == 0 ? inputs_ : values_[l - 1]).leftCols(n);
      Eigen::Map<Matrix> by_weights(out.data() + layer.weights, layer.inputs, layer.outputs);
      by_weights.noalias() = inputs * slopes.transpose();
      if (l2_ > 0.0F) by_weights += l2_ * weights(at, layer);
      out.segment(layer.biases, layer.outputs) = slopes.rowwise().sum();
      if (l == 0) break;
      auto below = slopes_[l - 1].leftCols(n);
      below.noalias() = weights(at, layer) * slopes;
      below.array() *= (inputs.array() > 0.0F).cast<float>();
    }
  }

  double penalty(const Vector& at) const {
    if (!(l2_ > 0.0F)) return 0.0;
    double squares = 0.0;
    for (const Layer& layer : layers_) squares += static_cast<double>(weights(at, layer).squaredNorm());
    return 0.5 * static_cast<double>(l2_) * squares;
  }

  Score score(const Vector& at, const Samples& samples, std::int64_t limit) {
    const Index count = limit > 0 ? std::min<Index>(limit, samples.count()) : samples.count();
    reserve(std::min(kScored, count));
    double loss = 0.0;
    Index right = 0;
    for (Index first = 0; first < count; first += kScored) {
      const Index n = std::min(kScored, count - first);
      const std::int32_t* labels = samples.labels.data() + first;
      forward(at, samples.features.middleCols(first, n));
      for (Index j = 0; j < n; ++j) {
        Index best = 0;
        values_.back().col(j).maxCoeff(&best);
        if (best == labels[j]) ++right;
      }
      loss += cross_entropy(labels, n);
    }
    return {loss / static_cast<double>(count), static_cast<double>(right) / static_cast<double>(count)};
  }

  const Dataset& data_;
  float l2_;
  Index parameters_ = 0;
  std::vector<Layer> layers_;
  Index capacity_ = 0;            // columns of the scratch memory
  Matrix inputs_;                 // the mini-batch, one sample per column
  std::vector<std::int32_t> labels_;
  std::vector<Matrix> values_;    // outputs of each layer; of the last its scores, then what derives from them
  std::vector<Matrix> slopes_;    // derivative by the outputs of each hidden layer
};

}  // namespace

std::unique_ptr<Objective> classifier(const Dataset& data, const ClassifierConfig& config) {
  return std::make_unique<Classifier>(data, config);
}

std::optional<std::string> refuse_classes(const Dataset& data) {
  if (data.classes < 2) return "needs samples of at least two classes";
  if (data.train.count() == 0) return "needs training samples";
  return std::nullopt;
}

}  // namespace orrery::learn
