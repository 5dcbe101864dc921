// Oracles B1, B4, B6, B7 and B8 (tests/oracles/sgd_learning.json): SGD on the quadratic, delayed gradients, noise
// scales and compressors against their exact laws. Coordinates of a quadratic are independent, so that one run of many
// coordinates is as many runs of one.
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <sstream>

#include "sim/base/json_io.hpp"
#include "sim/base/stats.hpp"
#include "workloads/learn/compressor.hpp"
#include "workloads/learn/noise_scale.hpp"
#include "workloads/learn/updater.hpp"

using namespace orrery;
using namespace orrery::learn;

namespace {

Json oracle(const std::string& id) {
  std::ifstream file(ORRERY_SOURCE_DIR "/tests/oracles/sgd_learning.json");
  std::stringstream text;
  text << file.rdbuf();
  return parse_json(text.str(), "sgd_learning.json").root["vectors"].at(id);
}

template <class Interface>
struct Field {
  Registered<Interface> value;
};
template <class V, class Interface>
void fields(V& v, Field<Interface>& c) {
  v("value", c.value, "");
}
template <class Interface>
Registered<Interface> read(const std::string& first, const Json& json) {
  Field<Interface> field{Registered<Interface>(first)};
  read_json(parse_json(Json{{"value", json}}.dump(), "field.json"), field);
  return field.value;
}

std::unique_ptr<Objective> quadratic(int dimensions, double curvature, double sigma2, double start) {
  return read<Problem>("quadratic", {{"kind", "quadratic"},
                                     {"dimensions", dimensions},
                                     {"curvature", curvature},
                                     {"sigma2", sigma2},
                                     {"start", start}})
      ->bind(nullptr);
}

/// K learners with mini-batches of Km / K samples, averaged.
struct AveragedSgd {
  AveragedSgd(Objective& objective, double rate, std::int64_t batch, std::uint64_t run)
      : objective(objective), batch(batch), updater(config(rate), objective.parameters()),
        draws(stream(Seed{11}, "run", run)) {
    objective.initial(draws, weights);
  }
  static UpdateConfig config(double rate) {
    UpdateConfig result;
    result.optimizer = model::SgdConfig{rate};
    return result;
  }
  void update() {
    constexpr int kLearners = 4;
    for (int k = 0; k < kLearners; ++k) {
      objective.gradient(weights, batch / kLearners, draws, gradient);
      updater.add(gradient, 0);
    }
    updater.update(weights, 0.0);
  }
  double loss() { return objective.train_loss(weights, 0) / static_cast<double>(objective.parameters()); }

  Objective& objective;
  std::int64_t batch;
  Updater updater;
  RngStream draws;
  Vector weights, gradient;
};

/// w(t+1) = w(t) - eta g(w(t - tau)), from a constant history.
struct DelayedSgd {
  DelayedSgd(Objective& objective, double rate, int delay)
      : objective(objective), rate(static_cast<float>(rate)), draws(stream(Seed{12}, "delayed")) {
    objective.initial(draws, weights);
    history.assign(static_cast<std::size_t>(delay) + 1, weights);
  }
  void update() {
    history[newest] = weights;
    newest = (newest + 1) % history.size();  // now the oldest
    objective.gradient(history[newest], 1, draws, gradient);
    weights -= rate * gradient;
  }

  Objective& objective;
  float rate;
  RngStream draws;
  Vector weights, gradient;
  std::vector<Vector> history;
  std::size_t newest = 0;
};

}  // namespace

TEST_CASE("oracle B1: SGD on the quadratic ends at the floor eta sigma2 / (2 Km (2 - eta c))") {
  const Json vector = oracle("B1.quadratic.floor"), in = vector["inputs"];
  const auto objective = quadratic(400, in["c"], in["sigma2"], 0.0);
  AveragedSgd run(*objective, in["eta"], in["Km"], 0);
  for (int n = 0; n < 100; ++n) run.update();
  std::vector<double> losses;
  for (int snapshot = 0; snapshot < 25; ++snapshot) {
    for (int n = 0; n < 30; ++n) run.update();  // 0.9^30: as good as independent
    losses.push_back(run.loss());
  }
  const Interval interval = mean_interval(losses, 0.999);
  CHECK(interval.contains(vector["expected"].get<double>()));
  CHECK(interval.relative() < 0.08);
}

TEST_CASE("oracle B1: the way there, J updates after w0") {
  const Json vector = oracle("B1.quadratic.transient"), in = vector["inputs"];
  const auto objective = quadratic(500, in["c"], in["sigma2"], in["w0"]);
  std::vector<double> losses;
  for (std::uint64_t n = 0; n < 15; ++n) {
    AveragedSgd run(*objective, in["eta"], in["Km"], n);
    for (int j = 0; j < in["J"].get<int>(); ++j) run.update();
    losses.push_back(run.loss());
  }
  const Interval interval = mean_interval(losses, 0.999);
  CHECK(interval.contains(vector["expected"].get<double>()));
  CHECK(interval.relative() < 0.03);
}

TEST_CASE("oracle B4: with a delay of tau updates SGD is stable up to eta c = 2 sin(pi / (2 (2 tau + 1)))") {
  const std::string id = GENERATE(as<std::string>{}, "B4.stability.tau0", "B4.stability.tau1", "B4.stability.tau2",
                                  "B4.stability.tau7");
  DYNAMIC_SECTION(id) {
    const Json vector = oracle(id);
    const double curvature = 2.5;
    const auto objective = quadratic(1, curvature, 0.0, 1.0);
    const auto grows = [&](double share) {
      DelayedSgd run(*objective, share * vector["expected"].get<double>() / curvature,
                     vector["inputs"]["tau"].get<int>());
      const auto largest_of_200 = [&run] {
        float largest = 0.0F;
        for (int n = 0; n < 200; ++n) {
          run.update();
          largest = std::max(largest, std::fabs(run.weights[0]));
        }
        return largest;
      };
      const float before = largest_of_200();
      for (int n = 0; n < 1000; ++n) run.update();
      return largest_of_200() > before;
    };
    CHECK_FALSE(grows(0.99));
    CHECK(grows(1.01));
  }
}

TEST_CASE("oracle B4: the variance that delayed SGD ends at grows with the delay") {
  const std::string id = GENERATE(as<std::string>{}, "B4.var.tau0", "B4.var.tau1", "B4.var.tau3", "B4.var.tau7");
  DYNAMIC_SECTION(id) {
    const Json vector = oracle(id), in = vector["inputs"];
    const int delay = in.contains("tau") ? in["tau"].get<int>() : 1;  // B4.var.tau1 is the closed form at 1
    const double a = in["a"];
    // The step is eta times the gradient's noise: variance 1 with sigma2 = 1 / eta^2.
    const auto objective = quadratic(400, 1.0, in.value("noise_var", 1.0) / (a * a), 0.0);
    DelayedSgd run(*objective, a, delay);
    for (int n = 0; n < 200; ++n) run.update();
    std::vector<double> variances;
    for (int snapshot = 0; snapshot < 30; ++snapshot) {
      for (int n = 0; n < 60; ++n) run.update();
      variances.push_back(run.weights.cast<double>().squaredNorm() / 400.0);
    }
    const Interval interval = mean_interval(variances, 0.999);
    CHECK(interval.contains(vector["expected"].get<double>()));
    CHECK(interval.relative() < 0.08);
  }
}

TEST_CASE("oracle B6: the noise scale of Smith and Le") {
  const Json vector = oracle("B6.noise.smith"), in = vector["inputs"];
  CHECK(smith_noise_scale(in["eps"], in["N"], in["B"]) == Approx(vector["expected"].get<double>()).epsilon(1e-9));
}

TEST_CASE("oracle B7: updates and samples to a target trade off by the noise batch") {
  const Json steps = oracle("B7.critbatch.steps"), in = steps["inputs"];
  const double fewest = in["Smin"], noise = in["Bnoise"], batch = in["B"];
  CHECK(updates_to_target(fewest, noise, batch) == Approx(steps["expected"].get<double>()).epsilon(1e-9));
  CHECK(samples_to_target(fewest, noise, batch) ==
        Approx(oracle("B7.critbatch.examples")["expected"].get<double>()).epsilon(1e-9));
}

TEST_CASE("oracle B7: the noise batch is estimated from gradients of two batch sizes") {
  const Json vector = oracle("B7.bsimple.estimator"), in = vector["inputs"], expected = vector["expected"];
  const GradientNoise noise =
      gradient_noise({in["Bsmall"], in["E_G2_small"]}, {in["Bbig"], in["E_G2_big"]});
  CHECK(noise.squared_gradient == Approx(expected["G2"].get<double>()).epsilon(1e-9));
  CHECK(noise.variance == Approx(expected["trSigma"].get<double>()).epsilon(1e-9));
  CHECK(noise.batch() == Approx(expected["Bsimple"].get<double>()).epsilon(1e-9));
}

TEST_CASE("the measured noise batch of a quadratic is sigma2 d / |c w|^2") {
  const auto objective = quadratic(50, 2.0, 9.0, 0.5);  // |G|^2 = 50 (2 * 0.5)^2 = 50, tr = 450
  Vector at;
  RngStream draws = stream(Seed{5}, "noise");
  objective->initial(draws, at);
  std::vector<double> variances, squares;
  for (int n = 0; n < 50; ++n) {
    const GradientNoise noise = measure_noise(*objective, at, 2, 64, 20, draws);
    variances.push_back(noise.variance);
    squares.push_back(noise.squared_gradient);
  }
  CHECK(mean_interval(variances, 0.999).contains(450.0));
  CHECK(mean_interval(squares, 0.999).contains(50.0));
}

namespace {

Vector sent(std::int64_t numbers) {
  RngStream draws = stream(Seed{6}, "gradient");
  Vector result(numbers);
  for (float& x : result) x = static_cast<float>(draws.normal());
  return result;
}

/// Samples of |C(x) - x|^2 / |x|^2.
std::vector<double> losses(Compressor& method, const Vector& x) {
  RngStream draws = stream(Seed{6}, "draws");
  std::vector<double> result;
  for (int n = 0; n < 3000; ++n) {
    Vector arrived = x;
    method.apply(arrived, draws);
    result.push_back((arrived - x).cast<double>().squaredNorm() / x.cast<double>().squaredNorm());
  }
  return result;
}

}  // namespace

TEST_CASE("oracle B8: rand-k has the variance (d/k - 1) |x|^2") {
  const Json vector = oracle("B8.randk.variance"), in = vector["inputs"];
  const std::int64_t d = in["d"];
  auto method = read<Compressor>("none", {{"kind", "rand_k"}, {"share", in["k"].get<double>() / d}});
  CHECK(*method->variance(d) == Approx(vector["expected"].get<double>()).epsilon(1e-9));
  CHECK(mean_interval(losses(*method, sent(d)), 0.999).contains(vector["expected"].get<double>()));
}

TEST_CASE("oracle B8: top-k loses at most (1 - k/d) |x|^2, and that much when all are equal") {
  const Json vector = oracle("B8.topk.contraction"), in = vector["inputs"];
  const std::int64_t d = in["d"];
  auto method = read<Compressor>("none", {{"kind", "top_k"}, {"share", in["k"].get<double>() / d}});
  CHECK(losses(*method, sent(d)).front() < vector["expected"].get<double>());
  CHECK(losses(*method, Vector::Constant(d, -3.0F)).front() == Approx(vector["expected"].get<double>()));
}

TEST_CASE("oracle B8: QSGD has the variance (|x| / s)^2 sum f (1 - f), below its bound") {
  const Json vector = oracle("B8.qsgd.bound"), in = vector["inputs"];
  const std::int64_t d = in["d"];
  const double levels = in["s"];
  auto method = read<Compressor>("none", {{"kind", "qsgd"}, {"levels", in["s"]}, {"bucket", 0}});
  CHECK(*method->variance(d) == Approx(vector["expected"].get<double>()).epsilon(1e-9));
  const Vector x = sent(d);
  const double norm = std::sqrt(x.cast<double>().squaredNorm());
  double exact = 0.0;
  for (const float number : x) {
    const double level = levels * std::fabs(static_cast<double>(number)) / norm;
    const double fraction = level - std::floor(level);
    exact += fraction * (1.0 - fraction) / (levels * levels);
  }
  CHECK(exact < vector["expected"].get<double>());
  CHECK(mean_interval(losses(*method, x), 0.999).contains(exact));
}
