#include "validate/reference/evaluation.hpp"

#include <algorithm>
#include <cmath>
#include <variant>

#include "sim/base/error.hpp"

namespace orrery::reference {
namespace {

/// Sums over labels, which ranks can add up.
struct Tally {
  double loss = 0.0;
  std::int64_t correct = 0, labels = 0;
};

/// The loss node also computes gradients: everything before it is the model itself.
std::size_t loss_node(const model::ModelGraph& graph) {
  std::size_t node = 0;
  while (!std::holds_alternative<cost::CrossEntropy>(graph.nodes[node].op)) ++node;
  return node;
}

void count_row(std::span<const float> logits, std::int32_t label, Tally& tally) {
  const auto top = std::max_element(logits.begin(), logits.end());
  double sum = 0.0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit - *top));
  tally.loss += std::log(sum) + static_cast<double>(*top - logits[static_cast<std::size_t>(label)]);
  tally.correct += top - logits.begin() == label ? 1 : 0;
  tally.labels += 1;
}

Tally tally_of_rank(const Dataset& data, const model::ModelGraph& graph, GraphRunner& runner, int rank,
                    int ranks) {
  const SampleShape shape = data.shape();
  const auto label_rows = static_cast<std::size_t>(shape.labels);
  const auto batch = static_cast<std::size_t>(graph.batch);
  std::vector<std::int32_t> inputs(batch *
                                   static_cast<std::size_t>(shape.inputs));  // or floats: 4 bytes as well
  std::vector<std::int32_t> labels(batch * label_rows);
  runner.bind_batch(inputs.data(), labels.data());
  const std::span<const float> logits = runner.tensor(graph.logits);
  const std::size_t classes = logits.size() / labels.size();
  const std::size_t last = loss_node(graph);
  const std::int64_t samples = data.samples(Split::test);
  Tally tally;
  for (std::int64_t first = rank * graph.batch; first < samples; first += ranks * graph.batch) {
    for (std::int64_t i = 0; i < graph.batch; ++i) {
      // A last batch that is not full repeats its last sample, which then is not counted.
      data.copy_sample(Split::test, std::min(first + i, samples - 1), inputs.data() + i * shape.inputs,
                       labels.data() + i * shape.labels);
    }
    runner.run_range(0, last);
    const auto rows = static_cast<std::size_t>(std::min(graph.batch, samples - first)) * label_rows;
    for (std::size_t row = 0; row < rows; ++row) {
      count_row(logits.subspan(row * classes, classes), labels[row], tally);
    }
  }
  return tally;
}

}  // namespace

Score evaluate(const Dataset& data, const model::ModelGraph& graph, GraphRunner& runner,
               calibrate::Communicator& ranks) {
  Tally tally = tally_of_rank(data, graph, runner, ranks.rank(), ranks.size());
  if (ranks.rank() > 0) ranks.send(std::as_bytes(std::span(&tally, 1)), 0);
  for (int r = 1; ranks.rank() == 0 && r < ranks.size(); ++r) {
    Tally other;
    ranks.receive(std::as_writable_bytes(std::span(&other, 1)), r);
    tally.loss += other.loss;
    tally.correct += other.correct;
    tally.labels += other.labels;
  }
  const auto labels = static_cast<double>(std::max<std::int64_t>(tally.labels, 1));
  return {tally.loss / labels, static_cast<double>(tally.correct) / labels, tally.labels};
}

}  // namespace orrery::reference
