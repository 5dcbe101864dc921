// Every kernel against its formula in double precision on odd shapes, and every backward kernel against
// finite differences of the forward formula.
#include "calibrate/backends/cpu/kernels/kernels.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "calibrate/backends/cpu/kernels/vector_math.hpp"
#include "tests/cpu/kernel_reference.hpp"
#include "tests/cpu/run_kernel.hpp"

using namespace orrery;
using namespace orrery::cpu_reference;

TEST_CASE("exp_clamped stays within 3e-7 of exp and ends in finite values") {
  double worst = 0.0;
  for (float x = -87.0F; x <= 88.0F; x += 0.00173F) {
    worst = std::max(worst, std::abs(static_cast<double>(cpu::exp_clamped(x)) / std::exp(double(x)) - 1.0));
  }
  CHECK(worst < 3e-7);
  CHECK(cpu::exp_clamped(-1e30F) == cpu::exp_clamped(-87.0F));
  CHECK(std::isnormal(cpu::exp_clamped(-1e30F)));
  CHECK(std::isfinite(cpu::exp_clamped(1e30F)));
  CHECK(cpu::exp_clamped(0.0F) == 1.0F);
}

TEST_CASE("sigmoid stays within 1e-6 of 1 / (1 + exp(-x))") {
  double worst = 0.0;
  for (float x = -40.0F; x <= 60.0F; x += 0.0031F) {
    worst =
        std::max(worst, std::abs(static_cast<double>(cpu::sigmoid(x)) * (1.0 + std::exp(-double(x))) - 1.0));
  }
  CHECK(worst < 1e-6);
}

TEST_CASE("GEMM equals the triple loop for all transpositions, batches and accumulation") {
  const auto dims = GENERATE(std::vector<std::int64_t>{1, 1, 1, 1}, std::vector<std::int64_t>{17, 5, 33, 3},
                             std::vector<std::int64_t>{1, 40, 7, 2}, std::vector<std::int64_t>{13, 1, 64, 1},
                             std::vector<std::int64_t>{48, 50, 3, 1});
  for (int flags = 0; flags < 8; ++flags) {
    const cost::Gemm op{dims[0],          dims[1],          dims[2],         dims[3],
                        (flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0};
    const Reals a = random_reals(op.batch * op.m * op.k, "a");
    const Reals b = random_reals(op.batch * op.k * op.n, "b");
    const Reals c = random_reals(op.batch * op.m * op.n, "c");
    // Without `accumulate` the old content of C, even NaN, must not matter.
    const auto out = run_kernel(op, {a, b, op.accumulate ? c : not_a_number(op.batch * op.m * op.n)});
    INFO("flags " << flags);
    check_close(out[2], gemm(op, a, b, c), 1e-5);
  }
}

TEST_CASE("softmax rows are probabilities of the columns they may see") {
  const cost::Softmax op = GENERATE(cost::Softmax{5, 37, 0, false}, cost::Softmax{14, 7, 9, true},
                                    cost::Softmax{3, 1, 4, false}, cost::Softmax{33, 33, 32, true});
  const Reals x = random_reals(op.rows * op.cols, "x", -9.0, 9.0);
  const auto out = run_kernel(op, {x, not_a_number(op.rows * op.cols)});
  check_close(out[1], softmax(op, x), 1e-6);
  for (std::int64_t r = 0; r < op.rows; ++r) {
    double sum = 0.0;
    for (std::int64_t i = 0; i < op.cols; ++i) sum += out[1][static_cast<std::size_t>(r * op.cols + i)];
    CHECK(sum == Approx(1.0).epsilon(1e-5));
  }
}

TEST_CASE("softmax does not overflow on large inputs") {
  const auto out = run_kernel(cost::Softmax{1, 3}, {{3e4, 3e4, -3e4}, zeros(3)});
  check_close(out[1], {0.5, 0.5, 0.0}, 1e-6);
}

TEST_CASE("softmax backward is the gradient of softmax") {
  cost::Softmax op = GENERATE(cost::Softmax{4, 9, 0, false}, cost::Softmax{10, 5, 16, true});
  const Reals x = random_reals(op.rows * op.cols, "x", -2.0, 2.0);
  const Reals dy = random_reals(op.rows * op.cols, "dy");
  const Reals expected = finite_differences([&](const Reals& v) { return dot(softmax(op, v), dy); }, x);
  const Reals y = softmax(op, x);
  op.pass = cost::Pass::backward;
  check_close(run_kernel(op, {y, dy, not_a_number(op.rows * op.cols)})[2], expected, 1e-6);
}

TEST_CASE("layer norm gives rows of mean beta and deviation gamma") {
  const cost::LayerNorm op = GENERATE(cost::LayerNorm{3, 41}, cost::LayerNorm{1, 2}, cost::LayerNorm{9, 128});
  const Reals x = random_reals(op.rows * op.cols, "x", 1.0, 4.0);
  const Reals gamma = random_reals(op.cols, "gamma");
  const Reals beta = random_reals(op.cols, "beta");
  const auto out =
      run_kernel(op, {x, gamma, beta, not_a_number(op.rows * op.cols), zeros(op.rows), zeros(op.rows)});
  check_close(out[3], layer_norm(op, x, gamma, beta), 5e-6);
}

TEST_CASE("layer norm backward is the gradient with respect to x, gamma and beta") {
  cost::LayerNorm op = GENERATE(cost::LayerNorm{3, 11}, cost::LayerNorm{5, 16});
  const Reals x = random_reals(op.rows * op.cols, "x", -2.0, 3.0);
  const Reals gamma = random_reals(op.cols, "gamma", 0.5, 1.5);
  const Reals beta = random_reals(op.cols, "beta");
  const Reals dy = random_reals(op.rows * op.cols, "dy");
  const auto forward =
      run_kernel(op, {x, gamma, beta, zeros(op.rows * op.cols), zeros(op.rows), zeros(op.rows)});
  op.pass = cost::Pass::backward;
  const auto out = run_kernel(op, {x, gamma, forward[4], forward[5], dy, not_a_number(op.rows * op.cols),
                                   not_a_number(op.cols), not_a_number(op.cols)});
  const auto loss = [&](const Reals& a, const Reals& b, const Reals& c) {
    return dot(layer_norm(op, a, b, c), dy);
  };
  check_close(out[5], finite_differences([&](const Reals& v) { return loss(v, gamma, beta); }, x), 3e-6);
  check_close(out[6], finite_differences([&](const Reals& v) { return loss(x, v, beta); }, gamma), 3e-6);
  check_close(out[7], finite_differences([&](const Reals& v) { return loss(x, gamma, v); }, beta), 3e-6);
}

TEST_CASE("GELU and its gradient follow the tanh form, far out as well") {
  using Kind = cost::ElementwiseKind;
  Reals x = random_reals(67, "x", -6.0, 6.0);
  x.insert(x.end(), {0.0, -30.0, 30.0, -1e4, 1e4});
  const auto size = static_cast<std::int64_t>(x.size());
  const Reals dy = random_reals(size, "dy");
  check_close(run_kernel(cost::Elementwise{Kind::gelu_forward, 1, size}, {x, zeros(size)})[1], gelu(x), 1e-6);
  const Reals expected = finite_differences([&](const Reals& v) { return dot(gelu(v), dy); }, x);
  check_close(run_kernel(cost::Elementwise{Kind::gelu_backward, 1, size}, {x, dy, zeros(size)})[2], expected,
              2e-6);
}

TEST_CASE("element-wise kernels compute what their names say") {
  using Kind = cost::ElementwiseKind;
  const std::int64_t rows = 5;
  const std::int64_t cols = 13;
  const std::int64_t size = rows * cols;
  const auto op = [&](Kind kind) { return cost::Elementwise{kind, rows, cols}; };
  const Reals x = random_reals(size, "x");
  const Reals dy = random_reals(size, "dy");
  const Reals b = random_reals(cols, "b");

  const Reals relu = run_kernel(op(Kind::relu_forward), {x, zeros(size)})[1];
  const Reals d_relu = run_kernel(op(Kind::relu_backward), {relu, dy, zeros(size)})[2];
  const Reals biased = run_kernel(op(Kind::bias), {x, b})[0];
  const Reals db = run_kernel(op(Kind::bias_gradient), {dy, not_a_number(cols)})[1];
  const Reals sum = run_kernel(op(Kind::add), {x, dy, zeros(size)})[2];
  const Reals scaled = run_kernel(op(Kind::scale), {x}, {}, 99, {.scale = 0.25F})[0];
  Reals column_sums = zeros(cols);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t column = i % static_cast<std::size_t>(cols);
    column_sums[column] += dy[i];
    CHECK(relu[i] == std::max(x[i], 0.0));
    CHECK(d_relu[i] == (x[i] > 0.0 ? dy[i] : 0.0));
    CHECK(biased[i] == Approx(x[i] + b[column]).margin(1e-6));
    CHECK(sum[i] == Approx(x[i] + dy[i]).margin(1e-6));
    CHECK(scaled[i] == 0.25 * x[i]);
  }
  check_close(db, column_sums, 1e-6);
}

TEST_CASE("an embedding looks rows up, and its gradient adds up where ids repeat") {
  const cost::Embedding op{9, 5, 4};
  const auto ids = random_ids(op.tokens, op.vocab, "ids");
  const Reals table = random_reals(op.vocab * op.width, "table");
  const Reals y = run_kernel(op, {zeros(op.tokens), table, zeros(op.tokens * op.width)}, ids, 0)[2];
  const Reals dy = random_reals(op.tokens * op.width, "dy");
  Reals gradient = table;
  for (std::size_t t = 0; t < ids.size(); ++t) {
    for (std::size_t i = 0; i < 5; ++i) {
      const std::size_t place = static_cast<std::size_t>(ids[t]) * 5 + i;
      CHECK(y[t * 5 + i] == table[place]);
      gradient[place] += dy[t * 5 + i];
    }
  }
  cost::Embedding back = op;
  back.pass = cost::Pass::backward;
  check_close(run_kernel(back, {zeros(op.tokens), dy, table}, ids, 0)[2], gradient, 1e-6);
}

TEST_CASE("cross-entropy gives the mean loss and its gradient with respect to the logits") {
  const cost::CrossEntropy op =
      GENERATE(cost::CrossEntropy{7, 10}, cost::CrossEntropy{1, 2}, cost::CrossEntropy{4, 65});
  const Reals logits = random_reals(op.rows * op.classes, "logits", -5.0, 5.0);
  const auto labels = random_ids(op.rows, op.classes, "labels");
  const auto out = run_kernel(op, {logits, zeros(op.rows), zeros(op.rows * op.classes), zeros(1)}, labels, 1);
  CHECK(out[3][0] == Approx(cross_entropy(op, logits, labels)).epsilon(1e-6));
  const Reals expected =
      finite_differences([&](const Reals& v) { return cross_entropy(op, v, labels); }, logits);
  check_close(out[2], expected, 1e-6);
}

TEST_CASE("optimizer steps follow their update rules") {
  const std::int64_t size = 21;
  const Reals w = random_reals(size, "w");
  const Reals g = random_reals(size, "g");
  const Reals state = random_reals(size, "state");
  const Reals second = random_reals(size, "second", 0.1, 1.0);
  const cpu::KernelConstants k{
      .learning_rate = 0.125F, .momentum = 0.75F, .beta1 = 0.9F, .beta2 = 0.99F, .epsilon = 1e-3F, .step = 3};
  const auto sgd = run_kernel(cost::OptimizerStep{cost::OptimizerKind::sgd, size}, {w, g}, {}, 99, k);
  const auto momentum =
      run_kernel(cost::OptimizerStep{cost::OptimizerKind::momentum, size}, {w, g, state}, {}, 99, k);
  const auto adam =
      run_kernel(cost::OptimizerStep{cost::OptimizerKind::adam, size}, {w, g, state, second}, {}, 99, k);
  for (std::size_t i = 0; i < w.size(); ++i) {
    CHECK(sgd[0][i] == Approx(w[i] - 0.125 * g[i]).margin(1e-6));
    const double velocity = 0.75 * state[i] + g[i];
    CHECK(momentum[2][i] == Approx(velocity).margin(1e-6));
    CHECK(momentum[0][i] == Approx(w[i] - 0.125 * velocity).margin(1e-6));
    // Kingma and Ba 2015, algorithm 1, at t = 3.
    const double m = 0.9 * state[i] + 0.1 * g[i];
    const double v = 0.99 * second[i] + 0.01 * g[i] * g[i];
    const double m_hat = m / (1.0 - std::pow(0.9, 3));
    const double v_hat = v / (1.0 - std::pow(0.99, 3));
    CHECK(adam[2][i] == Approx(m).margin(1e-6));
    CHECK(adam[3][i] == Approx(v).margin(1e-6));
    CHECK(adam[0][i] == Approx(w[i] - 0.125 * m_hat / (std::sqrt(v_hat) + 1e-3)).margin(1e-5));
  }
}

TEST_CASE("copy copies and transpose exchanges its two middle axes") {
  const Reals x = random_reals(2 * 3 * 5 * 4, "x");
  CHECK(run_kernel(cost::Copy{120}, {x, zeros(120)})[1] == x);
  const Reals y = run_kernel(cost::Transpose{2, 3, 5, 4}, {x, zeros(120)})[1];
  for (std::size_t b = 0; b < 2; ++b) {
    for (std::size_t r = 0; r < 3; ++r) {
      for (std::size_t c = 0; c < 5; ++c) {
        for (std::size_t i = 0; i < 4; ++i) {
          CHECK(y[((b * 5 + c) * 3 + r) * 4 + i] == x[((b * 3 + r) * 5 + c) * 4 + i]);
        }
      }
    }
  }
}
