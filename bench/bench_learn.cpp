// What a learner does all day, one gradient at a mini-batch of 32: softmax regression and a perceptron on samples of
// the size of Fashion-MNIST (random numbers: the time does not depend on them), the matrix products alone that they
// cannot do without, an update, a score, and each compressor on the gradient of softmax regression.
#include <benchmark/benchmark.h>

#include "workloads/learn/compressor.hpp"
#include "workloads/learn/mixture.hpp"
#include "workloads/learn/problem.hpp"
#include "workloads/learn/updater.hpp"

namespace {

using namespace orrery;
using namespace orrery::learn;

constexpr std::int64_t kBatch = 32;

const Dataset& images() {
  static const Dataset data = [] {
    MixtureConfig config;
    config.features = 784;
    config.train = 20000;
    config.test = 2000;
    return mixture_dataset(config);
  }();
  return data;
}

void gradient(benchmark::State& state, const char* problem) {
  const auto objective = Registered<Problem>(problem)->bind(&images());
  RngStream draws = stream(Seed{1}, "batches");
  Vector at, out;
  objective->initial(draws, at);
  for (auto unused : state) benchmark::DoNotOptimize(objective->gradient(at, kBatch, draws, out));
  state.SetItemsProcessed(state.iterations());
}

/// Forward and backward product of one dense layer, without the gathering of the mini-batch.
void products(benchmark::State& state) {
  Problem::registry();  // fixes Eigen's blocking
  const Eigen::MatrixXf x = images().train.features.leftCols(kBatch), w = Eigen::MatrixXf::Random(784, state.range(0));
  Eigen::MatrixXf z(w.cols(), kBatch), g(w.rows(), w.cols());
  for (auto unused : state) {
    z.noalias() = w.transpose() * x;
    g.noalias() = x * z.transpose();
    benchmark::DoNotOptimize(g.data());
  }
  state.SetItemsProcessed(state.iterations());
}

void update(benchmark::State& state) {
  UpdateConfig config;
  Updater updater(config, 7850);
  Vector weights = Vector::Zero(7850), gradient = Vector::Random(7850);
  for (auto unused : state) {
    updater.add(gradient, 0);
    updater.update(weights, 0.0);
  }
  state.SetItemsProcessed(state.iterations());
}

void score(benchmark::State& state) {
  const auto objective = Registered<Problem>("softmax_regression")->bind(&images());
  Vector at = Vector::Random(objective->parameters());
  for (auto unused : state) benchmark::DoNotOptimize(objective->train_loss(at, 2000));
  state.SetItemsProcessed(state.iterations() * 2000);
}

void compress(benchmark::State& state, const std::string& name) {
  Registered<Compressor> method(name);
  RngStream draws = stream(Seed{1}, "draws");
  const Vector sent = Vector::Random(7850);
  Vector message;
  for (auto unused : state) {
    message = sent;
    method->apply(message, draws);
  }
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK_CAPTURE(gradient, softmax, "softmax_regression");
BENCHMARK(products)->Arg(10)->Arg(64);
BENCHMARK_CAPTURE(gradient, mlp_64, "mlp");
BENCHMARK(update);
BENCHMARK(score)->Unit(benchmark::kMillisecond);

}  // namespace

int main(int argc, char** argv) {
  for (const NameAndHelp& entry : Compressor::registry().names()) {
    benchmark::RegisterBenchmark(("compress/" + entry.name).c_str(), compress, entry.name);
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
