// The CPU without libraries: it computes and times what the full CPU backend does, and says what it is. This
// binary links neither oneDNN nor MPI.
#include "calibrate/backends/cpu/plain/plain_backend.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "calibrate/backends/cpu/kernels/compute.hpp"
#include "calibrate/check.hpp"
#include "sim/base/error.hpp"

using namespace orrery;
using namespace orrery::literals;

namespace {

/// The product of the first two operands in double, and the given rest of the CPU's kernels for all else.
void second_opinion(const cost::Op& op, calibrate::OperandValues& values) {
  const auto* g = std::get_if<cost::Gemm>(&op);
  if (g == nullptr) return cpu::compute(op, values);
  for (std::int64_t place = 0; place < g->batch * g->m * g->n; ++place) {
    const std::int64_t p = place / (g->m * g->n);
    const std::int64_t i = place / g->n % g->m;
    const std::int64_t j = place % g->n;
    double sum = g->accumulate ? static_cast<double>(values[2][static_cast<std::size_t>(place)]) : 0.0;
    for (std::int64_t l = 0; l < g->k; ++l) {
      const std::int64_t a = p * g->m * g->k + (g->trans_a ? l * g->m + i : i * g->k + l);
      const std::int64_t b = p * g->k * g->n + (g->trans_b ? j * g->k + l : l * g->n + j);
      sum += static_cast<double>(values[0][static_cast<std::size_t>(a)]) *
             static_cast<double>(values[1][static_cast<std::size_t>(b)]);
    }
    if (g->bias) sum += static_cast<double>(values[3][static_cast<std::size_t>(j)]);
    if (g->gelu) sum *= 0.5 * (1.0 + std::tanh(std::sqrt(2.0 / M_PI) * (sum + 0.044715 * sum * sum * sum)));
    values[2][static_cast<std::size_t>(place)] = static_cast<float>(sum);
  }
}

}  // namespace

TEST_CASE("the plain backend passes the checks of every class that it has") {
  cpu::PlainBackend backend;
  int classes = 0;
  for (const std::string& name : cost::class_names()) {
    const cost::Op representative = cost::parse_op(name, "");
    if (!backend.supports(representative)) continue;
    ++classes;
    for (const cost::Op& op : calibrate::check_shapes(representative)) {
      const auto result = calibrate::check_operator(backend, op, Seed{2}, second_opinion);
      INFO(result.text);
      CHECK(result.ok);
    }
  }
  CHECK(classes == static_cast<int>(cost::class_names().size()) - 5);
}

TEST_CASE("the plain backend times operators, compositions and its own collectives") {
  cpu::PlainBackend backend;
  CHECK(backend.prepare(cost::Gemm{16, 16, 16}, {1, 64_KiB})->run().value() > 0.0);
  calibrate::Composition composition{"copy", {{64}, {64}}, {}};
  composition.steps.push_back({cost::Copy{64}, {0, 1}});
  CHECK(backend.prepare(composition)->run().value() > 0.0);
  CHECK(backend.prepare(cost::CollectiveCase{cost::CollectiveKind::all_reduce, 8_B, 1})->run().value() > 0.0);
  CHECK_THROWS_AS(backend.prepare(cost::CollectiveCase{cost::CollectiveKind::all_reduce, 8_B, 2}),
                  ScenarioError);
  CHECK_THROWS_AS(backend.prepare(cost::Launch{1, true}, {}), BackendError);
  CHECK(backend.max_over_ranks(2.5) == 2.5);
}

TEST_CASE("the plain backend names its device and says that its products are plain loops") {
  const calibrate::Fingerprint facts = cpu::PlainBackend().fingerprint();
  CHECK_FALSE(facts.at("device").empty());
  CHECK(facts.at("algorithm") == "plain loops");
}
