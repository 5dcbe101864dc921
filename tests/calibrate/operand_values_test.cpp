// What operands are filled with: valid whole numbers, and numbers that no kernel finds easy.
#include "calibrate/operand_values.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>
#include <vector>

using namespace orrery;

namespace {

/// The values of the operand with this role.
std::vector<float> filled(const cost::Op& op, const std::string& role) {
  RngStream draws = stream(Seed{3}, "test");
  for (const cost::Operand& operand : cost::operands(op)) {
    std::vector<float> values(static_cast<std::size_t>(operand.elements));
    calibrate::fill_operand(op, operand, draws, values);
    if (operand.role == role) return values;
  }
  FAIL("no operand " << role);
  return {};
}

}  // namespace

TEST_CASE("a page table holds every page once, in no order, and lengths are the context") {
  const cost::AttentionDecode op{.sequences = 5, .context = 100, .block = 16};
  std::vector<float> table = filled(op, "table");
  CHECK_FALSE(std::is_sorted(table.begin(), table.end()));
  std::sort(table.begin(), table.end());
  std::vector<float> pages(5 * 7);
  std::iota(pages.begin(), pages.end(), 0.0F);
  CHECK(table == pages);
  CHECK(filled(op, "lengths") == std::vector<float>(5, 100.0F));
}

TEST_CASE("ids and labels lie inside their tables, positions count up") {
  const std::vector<float> ids = filled(cost::Embedding{500, 2, 7}, "ids");
  CHECK(*std::min_element(ids.begin(), ids.end()) == 0.0F);
  CHECK(*std::max_element(ids.begin(), ids.end()) == 6.0F);
  const std::vector<float> labels = filled(cost::CrossEntropy{500, 3}, "labels");
  CHECK(*std::max_element(labels.begin(), labels.end()) == 2.0F);
  CHECK(filled(cost::Rotary{.tokens = 4}, "positions") == std::vector<float>{0.0F, 1.0F, 2.0F, 3.0F});
}

TEST_CASE("numbers have either sign and none is near zero; second moments are positive") {
  const cost::OptimizerStep adam{cost::OptimizerKind::adam, 1000};
  for (const char* role : {"w", "g", "m", "v"}) {
    INFO(role);
    const std::vector<float> values = filled(adam, role);
    const auto negative = std::count_if(values.begin(), values.end(), [](float v) { return v < 0.0F; });
    CHECK((std::string(role) == "v" ? negative == 0 : negative > 400 && negative < 600));
    for (const float v : values) REQUIRE((std::abs(v) >= 0.1F && std::abs(v) <= 1.0F));
  }
}

TEST_CASE("a large operand repeats its first numbers, and what a cast reads spans many powers of two") {
  const std::vector<float> x = filled(cost::Copy{70000}, "x");
  CHECK(x[65536] == x[0]);
  CHECK(x[65535] != x[0]);
  const std::vector<float> wide = filled(cost::Cast{1000, cost::DType::fp32, cost::DType::fp8}, "x");
  const auto smaller = [](float a, float b) { return std::abs(a) < std::abs(b); };
  CHECK(std::abs(*std::min_element(wide.begin(), wide.end(), smaller)) < 0x1p-9F);
  CHECK(std::abs(*std::max_element(wide.begin(), wide.end(), smaller)) > 64.0F);
}
