#include <catch2/catch.hpp>

#include "workloads/model/builder.hpp"
#include "workloads/model/memory.hpp"

namespace orrery::model {
namespace {

using namespace literals;

double bytes_of(const MemoryUse& use, const std::string& category) {
  for (const MemoryItem& item : use.items) {
    if (item.category == category) return item.bytes.value();
  }
  FAIL("no category " << category);
  return 0.0;
}

TEST_CASE("memory of an MLP by hand") {
  // mlp 32-16-16, batch 8, adam, fp32 (4 bytes). Parameters 32*16 + 16 + 16*16 + 16 = 800, all multiples of
  // 16, so there is no padding. Activations: input 8*32, two pre-activations and one relu of 8*16 each.
  // Activation gradients: dlogits, d(relu) and dz, 8*16 each; dlogits is no longer read when dz is borrowed:
  // 2 buffers.
  const MemoryUse use = memory_use(build(MlpConfig{32, {16}, 16}, 8, cost::OptimizerKind::adam, 1));
  REQUIRE(bytes_of(use, "parameters") == 4 * 800);
  REQUIRE(bytes_of(use, "gradients") == 4 * 800);
  REQUIRE(bytes_of(use, "optimizer state") == 2 * 4 * 800);
  REQUIRE(bytes_of(use, "activations") == 4 * (8 * 32 + 3 * 8 * 16));
  REQUIRE(bytes_of(use, "activation gradients") == 4 * 2 * 8 * 16);
  REQUIRE(bytes_of(use, "input batch") == 4 * (8 * 32 + 8));
  REQUIRE(bytes_of(use, "loss") == 4);
  double sum = 0.0;
  for (const MemoryItem& item : use.items) sum += item.bytes.value();
  REQUIRE(use.total.value() == sum);
}

TEST_CASE("sgd keeps no state, momentum one, adam two") {
  const MlpConfig config{32, {16}, 16};
  const double parameters = 4 * 800;
  REQUIRE(bytes_of(memory_use(build(config, 8, cost::OptimizerKind::sgd, 1)), "optimizer state") == 0);
  REQUIRE(bytes_of(memory_use(build(config, 8, cost::OptimizerKind::momentum, 1)), "optimizer state") ==
          parameters);
  REQUIRE(bytes_of(memory_use(build(config, 8, cost::OptimizerKind::adam, 1)), "optimizer state") ==
          2 * parameters);
}

TEST_CASE("a GPT keeps 22 residual-sized activations per block and two sets of scores") {
  // Elements kept per block, in units of B T C: norm1, q, k, v, their three splits, mixed heads, mixed,
  // output, residual, norm2, fc1 (4), gelu (4), fc2, residual = 22; scores and probabilities B H T T each;
  // mean and rstd of two norms 4 B T. Outside the blocks: embedding and final norm (2 BTC), its mean and rstd
  // (2 BT), logits (B T V).
  const GptConfig c{2, 32, 4, 16, 48};
  const double b = 3, tokens = b * 16;
  const double expected =
      2 * (22 * tokens * 32 + 2 * b * 4 * 16 * 16 + 4 * tokens) + 2 * tokens * 32 + 2 * tokens + tokens * 48;
  REQUIRE(bytes_of(memory_use(build(c, 3, cost::OptimizerKind::adam, 1)), "activations") == 4 * expected);
}

TEST_CASE("what does not fit is a value that names the largest part") {
  const MemoryUse use = memory_use(build(MlpConfig{784, {1024}, 10}, 8, cost::OptimizerKind::adam, 1));
  REQUIRE_FALSE(check_fit(use, 1_GiB).has_value());
  REQUIRE_FALSE(check_fit(use, use.total).has_value());
  const auto verdict = check_fit(use, 1_MiB);
  REQUIRE(verdict.has_value());
  REQUIRE(verdict->largest_category == "optimizer state");
  REQUIRE(verdict->needed == use.total);
  REQUIRE(verdict->text().find("per rank but the device has 1.00 MiB") != std::string::npos);
  REQUIRE(use.items[0].largest == "layer0.weight");
}

}  // namespace
}  // namespace orrery::model
