// The race of ten variants of parallel SGD: softmax regression on Fashion-MNIST, 8 learners whose compute times are
// exponential with mean 1 s, batch 32, step size 0.05, 1,000 simulated seconds, communication free. Printed: what was
// learned, and the CPU time beside that of loops that only compute as many gradients and updates, and as many scores;
// what is above both is the engine's, as a share of the gradients and updates. And how many gradients/s the engine
// itself does, on a quadratic whose gradient costs nothing.
//
// Data: the IDX files of Debian's dataset-fashion-mnist; without them the race is skipped.
#include <zlib.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/base/json_io.hpp"
#include "workloads/learn/idx.hpp"
#include "workloads/sgd/engine.hpp"

using namespace orrery;
using namespace orrery::sgd;

namespace {

struct Options {
  std::string data = "/usr/share/datasets/fashion-mnist";
  double seconds = 1000.0;
  int repeat = 3;
  Seed seed;
};

struct VariantField {
  Registered<sync::Variant> variant{"sync"};
};
template <class V>
void fields(V& v, VariantField& c) {
  v("variant", c.variant, "who waits for whom");
}
Registered<sync::Variant> variant(const std::string& json) {
  VariantField field;
  read_json(parse_json("{\"variant\": " + json + "}", "bench"), field);
  return field.variant;
}

/// Nothing when the file is not there.
std::optional<std::vector<std::uint8_t>> unpacked(const std::string& path) {
  gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) return std::nullopt;
  std::vector<std::uint8_t> bytes;
  std::vector<std::uint8_t> piece(1 << 20);
  for (int n = 0; (n = gzread(file, piece.data(), static_cast<unsigned>(piece.size()))) > 0;) {
    bytes.insert(bytes.end(), piece.begin(), piece.begin() + n);
  }
  gzclose(file);
  return bytes;
}

std::optional<learn::Dataset> fashion_mnist(const std::string& folder) {
  const auto train_images = unpacked(folder + "/train-images-idx3-ubyte.gz");
  const auto train_labels = unpacked(folder + "/train-labels-idx1-ubyte.gz");
  const auto test_images = unpacked(folder + "/t10k-images-idx3-ubyte.gz");
  const auto test_labels = unpacked(folder + "/t10k-labels-idx1-ubyte.gz");
  if (!train_images || !train_labels || !test_images || !test_labels) return std::nullopt;
  return learn::idx_dataset({*train_images, *train_labels, *test_images, *test_labels}, "Fashion-MNIST");
}

template <class F>
double cpu_seconds(F work) {
  const auto now = [] {
    timespec t{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
  };
  const double start = now();
  work();
  return now() - start;
}

SgdSpec race(const std::string& variant_json, const learn::Dataset& data, const Options& options) {
  SgdSpec spec;
  spec.problem = Registered<learn::Problem>("softmax_regression");
  spec.data = &data;
  spec.update.optimizer = model::SgdConfig{0.05};
  spec.variant = variant(variant_json);
  spec.horizon.time = Seconds(options.seconds);
  spec.evaluation.points = 100;
  spec.seed = options.seed;
  return spec;
}

/// The same number of gradients and updates as the run, and nothing else.
void learn_alone(const SgdSpec& spec, const SgdResult& run) {
  const auto objective = spec.problem->bind(spec.data);
  learn::Updater updater(spec.update, objective->parameters());
  learn::Vector model, gradient;
  objective->initial(stream(spec.seed, "initial model"), model);
  RngStream draws = stream(spec.seed, "mini-batch");
  std::int64_t gradients = 0;
  for (const std::int64_t used : run.books.staleness) gradients += used;
  std::int64_t done = 0;
  for (std::int64_t update = 1; update <= run.books.updates; ++update) {
    for (; done < gradients * update / run.books.updates; ++done) {
      objective->gradient(model, spec.batch, draws, gradient);
      updater.add(gradient, 0);
    }
    updater.update(model, 0.0);
  }
  SIM_ASSERT(model.allFinite(), "the model is one of numbers");
}

/// The same number of scores as the run.
void score_alone(const SgdSpec& spec, const SgdResult& run) {
  const auto objective = spec.problem->bind(spec.data);
  learn::Vector model;
  objective->initial(stream(spec.seed, "initial model"), model);
  double sum = 0.0;
  for (std::size_t i = 0; i < run.curve.size(); ++i) {
    sum += objective->train_loss(model, spec.evaluation.samples);
    sum += objective->test(model, spec.evaluation.samples)->loss;
  }
  SIM_ASSERT(sum > 0.0, "a loss is positive");
}

void run_race(const Options& options) {
  const auto data = fashion_mnist(options.data);
  if (!data) {
    std::printf("race skipped: no Fashion-MNIST in %s (Debian: dataset-fashion-mnist)\n", options.data.c_str());
    return;
  }
  const char* const variants[] = {R"("sync")",
                                  R"({"kind": "k_sync", "k": 4})",
                                  R"({"kind": "k_sync", "k": 2})",
                                  R"({"kind": "k_batch_sync", "k": 4})",
                                  R"({"kind": "k_batch_sync", "k": 2})",
                                  R"({"kind": "k_async", "k": 4})",
                                  R"({"kind": "k_async", "k": 2})",
                                  R"({"kind": "k_batch_async", "k": 4})",
                                  R"({"kind": "k_batch_async", "k": 2})",
                                  R"("async")"};
  std::printf("%s; least CPU time of %d\n", data->description.c_str(), options.repeat);
  std::printf("%-20s %7s %7s %7s %7s %7s %8s %9s %7s | %7s %7s %7s %6s\n", "variant", "1 %", "3 %", "10 %", "30 %",
              "100 %", "updates", "staleness", "test", "run", "learn", "score", "engine");
  double runs = 0.0, learning = 0.0, scoring = 0.0;
  for (const char* const json : variants) {
    const SgdSpec spec = race(json, *data, options);
    SgdResult result;
    double run_time = 1e9, learn_time = 1e9, score_time = 1e9;
    for (int i = 0; i < options.repeat; ++i) {
      run_time = std::min(run_time, cpu_seconds([&] { result = simulate(spec); }));
      learn_time = std::min(learn_time, cpu_seconds([&] { learn_alone(spec, result); }));
      score_time = std::min(score_time, cpu_seconds([&] { score_alone(spec, result); }));
    }
    runs += run_time;
    learning += learn_time;
    scoring += score_time;
    std::printf("%-20s", spec.variant->label().c_str());
    for (const std::size_t at : {1, 3, 10, 30, 100}) std::printf(" %7.4f", result.curve.at(at).loss);
    std::printf(" %8lld %9.3f %7.4f | %6.2fs %6.2fs %6.2fs %5.1f%%\n", static_cast<long long>(result.books.updates),
                result.books.mean_staleness(), result.curve.back().accuracy.value_or(0.0), run_time, learn_time,
                score_time, 100.0 * (run_time - learn_time - score_time) / learn_time);
  }
  std::printf("%-91s | %6.2fs %6.2fs %6.2fs %5.1f%%\n", "all", runs, learning, scoring,
              100.0 * (runs - learning - scoring) / learning);
}

void gradient_rate(const Options& options) {
  std::printf("\nengine alone (quadratic of one coordinate)\n");
  for (const char* const json : {R"("sync")", R"({"kind": "k_batch_sync", "k": 4})", R"("async")"}) {
    for (const bool network : {false, true}) {
      SgdSpec spec;
      spec.variant = variant(json);
      spec.update.optimizer = model::SgdConfig{0.01};
      spec.horizon.time = Seconds(50.0 * options.seconds);
      if (network) {
        ServerAggregation servers;
        servers.model_size = Bytes(1e9);
        spec.aggregation = servers;
      }
      SgdResult result;
      double time = 1e9;
      for (int i = 0; i < options.repeat; ++i) time = std::min(time, cpu_seconds([&] { result = simulate(spec); }));
      std::printf("%-20s %-16s %8lld gradients: %6.2f million/s\n", spec.variant->label().c_str(),
                  network ? "parameter server" : "free", static_cast<long long>(result.books.gradients),
                  1e-6 * static_cast<double>(result.books.gradients) / time);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--data") == 0 && i + 1 < argc) {
      options.data = argv[++i];
    } else if (std::strcmp(argv[i], "--quick") == 0) {
      options.seconds = 10.0;
      options.repeat = 1;
    } else if (std::strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
      options.seed.value = std::strtoull(argv[++i], nullptr, 10);
    } else if (std::strcmp(argv[i], "--seconds") == 0 && i + 1 < argc) {
      options.seconds = std::max(1.0, std::atof(argv[++i]));
    } else if (std::strcmp(argv[i], "--repeat") == 0 && i + 1 < argc) {
      options.repeat = std::max(1, std::atoi(argv[++i]));
    } else {
      std::fprintf(stderr, "usage: bench_sgd [--data DIR] [--quick] [--repeat N] [--seed N] [--seconds S]\n");
      return 2;
    }
  }
  try {
    run_race(options);
    gradient_rate(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_sgd: %s\n", error.what());
    return 4;
  }
  return 0;
}
