// Whole models: the gradient that backward leaves in the flat buffer against finite differences of the loss.
#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>
#include <vector>

#include "sim/base/rng.hpp"
#include "validate/reference/graph_runner.hpp"
#include "workloads/model/builder.hpp"

using namespace orrery;
using namespace orrery::reference;

namespace {

/// A model on one random batch, with its loss as a function of the flat weights.
class Probe {
 public:
  explicit Probe(model::ModelGraph graph) : graph_(std::move(graph)), runner_(graph_) {
    RngStream draws = stream(Seed{11}, "probe");
    const model::Tensor& inputs = graph_.tensor(graph_.inputs);
    const auto classes = static_cast<std::uint64_t>(graph_.tensor(graph_.logits).elements /
                                                    graph_.tensor(graph_.labels).elements);
    inputs_.resize(static_cast<std::size_t>(inputs.elements));
    ids_.resize(inputs_.size());
    for (float& x : inputs_) x = static_cast<float>(draws.normal());
    for (auto& id : ids_) id = static_cast<std::int32_t>(draws.below(classes));
    labels_.resize(static_cast<std::size_t>(graph_.tensor(graph_.labels).elements));
    for (auto& label : labels_) label = static_cast<std::int32_t>(draws.below(classes));
    const bool tokens = inputs.dtype == cost::DType::int32;
    runner_.bind_batch(tokens ? static_cast<void*>(ids_.data()) : inputs_.data(), labels_.data());
    runner_.initialise(Seed{11});
    // Larger weights than a real start, so that every part of the model matters for the loss.
    for (const model::Parameter& p : graph_.parameters) {
      for (float& w : runner_.tensor(p.weight)) w += static_cast<float>(draws.normal(0.0, 0.3));
    }
  }

  std::vector<double> gradient() {
    runner_.run_range(0, first_update(graph_));
    const auto g = runner_.gradients();
    return {g.begin(), g.end()};
  }

  /// Loss in double precision from the logits: the fp32 loss itself would be too coarse for differences.
  double loss() {
    runner_.run_range(0, first_backward(graph_));
    const auto logits = runner_.tensor(graph_.logits);
    const std::size_t classes = logits.size() / labels_.size();
    double total = 0.0;
    for (std::size_t r = 0; r < labels_.size(); ++r) {
      double sum = 0.0;
      for (std::size_t c = 0; c < classes; ++c) sum += std::exp(static_cast<double>(logits[r * classes + c]));
      total +=
          std::log(sum) - static_cast<double>(logits[r * classes + static_cast<std::size_t>(labels_[r])]);
    }
    CHECK(runner_.loss() == Approx(total / static_cast<double>(labels_.size())).epsilon(1e-5));
    return total / static_cast<double>(labels_.size());
  }

  /// (L(w + h d) - L(w - h d)) / 2h for a direction d of the parameter's own size.
  double slope(const model::Parameter& parameter, const std::vector<double>& direction, double h) {
    const auto w = runner_.tensor(parameter.weight);
    const std::vector<float> kept(w.begin(), w.end());
    const auto at = [&](double step) {
      for (std::size_t i = 0; i < w.size(); ++i) w[i] = static_cast<float>(kept[i] + step * direction[i]);
      return loss();
    };
    const double difference = at(h) - at(-h);
    std::copy(kept.begin(), kept.end(), w.begin());
    return difference / (2.0 * h);
  }

  const model::ModelGraph& graph() const { return graph_; }

 private:
  model::ModelGraph graph_;
  GraphRunner runner_;
  std::vector<float> inputs_;
  std::vector<std::int32_t> ids_, labels_;
};

double norm(const std::vector<double>& v) {
  return std::sqrt(std::inner_product(v.begin(), v.end(), v.begin(), 0.0));
}

/// For each parameter: the slope along the computed gradient is its length, and along random unit directions
/// it is the gradient's component there.
void check_gradients(Probe& probe) {
  const std::vector<double> all = probe.gradient();
  RngStream draws = stream(Seed{12}, "directions");
  for (const model::Parameter& parameter : probe.graph().parameters) {
    INFO(probe.graph().tensor(parameter.weight).name);
    const auto first = all.begin() + parameter.offset;
    const std::vector<double> gradient(first, first + parameter.elements);
    const double length = norm(gradient);
    // Rounding of fp32 activations limits what differences can show: about 1e-7 of the loss over the step h.
    const double h = 3e-3;
    const double noise = 2e-4;
    if (length > noise) {
      std::vector<double> along = gradient;
      for (double& d : along) d /= length;
      CHECK(probe.slope(parameter, along, h) == Approx(length).epsilon(0.01).margin(noise));
    }
    for (int trial = 0; trial < 3; ++trial) {
      std::vector<double> direction(gradient.size());
      for (double& d : direction) d = draws.normal();
      const double scale = norm(direction);
      for (double& d : direction) d /= scale;
      const double expected = std::inner_product(direction.begin(), direction.end(), gradient.begin(), 0.0);
      CHECK(probe.slope(parameter, direction, h) == Approx(expected).epsilon(0.01).margin(noise));
    }
  }
}

model::BuildRequest request(bool reuse) {
  model::BuildRequest request;
  request.batch = 3;
  request.reuse_gradient_buffers = reuse;
  return request;
}

}  // namespace

TEST_CASE("the gradient of a whole MLP equals finite differences, with and without reused buffers") {
  const bool reuse = GENERATE(false, true);
  Probe probe(model::build(model::MlpConfig{7, {9, 6}, 4}, request(reuse)));
  check_gradients(probe);
}

TEST_CASE("the gradient of a whole GPT equals finite differences, with and without reused buffers") {
  const bool reuse = GENERATE(false, true);
  Probe probe(model::build(model::GptConfig{2, 8, 2, 5, 7}, request(reuse)));
  check_gradients(probe);
}

TEST_CASE("reusing gradient buffers does not change a bit of the gradient") {
  Probe own(model::build(model::GptConfig{2, 8, 2, 5, 7}, request(false)));
  Probe reused(model::build(model::GptConfig{2, 8, 2, 5, 7}, request(true)));
  CHECK(own.gradient() == reused.gradient());
}
